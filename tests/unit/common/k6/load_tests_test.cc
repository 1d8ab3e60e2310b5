// The six scripts of scripts/load-tests load and iterate against a fake API.
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;

class LoadTests : public ::testing::TestWithParam<const char*> {};

TEST_P(LoadTests, SignsInAndIterates) {
  const auto bundle =
      BundleFromDisk(std::string(KLOAD_LOAD_TESTS_DIR) + "/" + GetParam() + ".js", {});
  ASSERT_TRUE(bundle.ok()) << Message(bundle.status());
  EXPECT_EQ(bundle->main, std::string(GetParam()) + ".js");
  const auto compiled = CompiledScript::Compile(*bundle);
  ASSERT_TRUE(compiled.ok()) << Message(compiled.status());
  FakeHost host;
  ScriptSettings settings;
  settings.env = std::make_shared<const std::map<std::string, std::string>>(
      std::map<std::string, std::string>{{"API_BASE_URL", "http://api.test"}});
  const auto instance = ScriptInstance::Create(*compiled, host, settings);
  ASSERT_TRUE(instance.ok()) << Message(instance.status());
  EXPECT_THAT(*(*instance)->OptionsJson(), ::testing::HasSubstr("thresholds"));

  host.responses = {FakeHost::Answer(200, R"({"token":"t-1"})")};
  const Outcome setup = (*instance)->CallSetup(std::nullopt);
  ASSERT_EQ(setup.kind, Kind::kOk) << setup.message;
  EXPECT_EQ(setup.json, R"({"token":"t-1"})");
  ASSERT_EQ(host.sent.size(), 1u);
  EXPECT_EQ(host.sent[0].request.url, "http://api.test/auth/login");
  EXPECT_EQ(host.sent[0].request.body,
            R"({"email":"testuser@example.com","password":"password123"})");

  ASSERT_TRUE((*instance)->SetData(setup.json).ok());
  for (int i = 0; i < 3; ++i) {
    host.responses.assign(10, FakeHost::Answer(200, "[]"));
    const Outcome outcome = (*instance)->CallIteration("default", i);
    ASSERT_EQ(outcome.kind, Kind::kOk) << outcome.message << outcome.stack;
  }
  EXPECT_GE(host.sent.size(), 4u);
  EXPECT_GE(host.slept.size(), 3u);
  EXPECT_EQ(host.sent.back().request.headers, (http::Headers{{"Authorization", "Bearer t-1"}}));
  for (const auto& check : host.checks) EXPECT_TRUE(check.passed) << check.name;
}

INSTANTIATE_TEST_SUITE_P(Guide, LoadTests,
                         ::testing::Values("baseline", "stress", "spike", "soak", "database",
                                           "integrations"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace kload::k6
