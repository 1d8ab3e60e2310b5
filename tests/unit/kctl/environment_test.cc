// What K6_ variables and the config file say.
#include "kctl/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>

#include "common/base/status.h"
#include "kctl/config_file.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string OptionsOf(const std::vector<std::string>& environment) {
  const auto options = EnvironmentOptions(environment);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.value_or("");
}

TEST(EnvironmentOptions, AreEmptyWithoutVariables) {
  EXPECT_EQ(OptionsOf({}), "{}");
  EXPECT_EQ(OptionsOf({"PATH=/bin", "K6_VUS=", "K6_VUSX=3", "XK6_VUS=3"}), "{}");
}

struct Variable {
  const char* entry;
  const char* options;
};
// How the test is listed.
void PrintTo(const Variable& each, std::ostream* out) { *out << each.entry; }

class VariableTest : public testing::TestWithParam<Variable> {};

TEST_P(VariableTest, BecomesAnOption) {
  EXPECT_EQ(OptionsOf({GetParam().entry}), GetParam().options);
}

INSTANTIATE_TEST_SUITE_P(
    Environment, VariableTest,
    testing::Values(
        Variable{"K6_VUS=5", R"({"vus":5})"},
        Variable{"K6_DURATION=1m30s", R"({"duration":"1m30s"})"},
        Variable{"K6_STAGES=10s:5, 1m:20",
                 R"({"stages":[{"duration":"10s","target":5},{"duration":"1m","target":20}]})"},
        Variable{"K6_NO_SETUP=1", R"({"noSetup":true})"},
        Variable{"K6_THROW=false", R"({"throw":false})"},
        Variable{"K6_DNS=ttl=5m,select=roundRobin",
                 R"({"dns":{"ttl":"5m","select":"roundRobin"}})"},
        Variable{"K6_BLOCK_HOSTNAMES=a.com,*.b.com", R"({"blockHostnames":["a.com","*.b.com"]})"},
        Variable{"K6_THRESHOLDS={\"checks\":[\"rate>0.9\"]}",
                 R"({"thresholds":{"checks":["rate>0.9"]}})"},
        Variable{"K6_HOSTS={\"a.com\":\"127.0.0.1\"}", R"({"hosts":{"a.com":"127.0.0.1"}})"},
        Variable{"K6_TAGS=team=a,env:test", R"({"tags":{"team":"a","env":"test"}})"},
        Variable{"K6_SUMMARY_TREND_STATS=avg,p(99.9)",
                 R"x({"summaryTrendStats":["avg","p(99.9)"]})x"},
        Variable{"K6_USER_AGENT=a b=c", R"({"userAgent":"a b=c"})"},
        Variable{"K6_LOCAL_IPS=127.0.0.1-127.0.0.9", R"({"localIPs":"127.0.0.1-127.0.0.9"})"}),
    [](const auto& info) {
      const std::string entry = info.param.entry;
      return entry.substr(0, entry.find('='));
    });

TEST(EnvironmentOptions, NameTheVariableThatIsWrong) {
  for (const char* wrong : {"K6_VUS=many", "K6_DURATION=soon", "K6_STAGES=10s", "K6_THROW=perhaps",
                            "K6_DNS=ttl", "K6_THRESHOLDS={", "K6_TAGS=x"}) {
    const std::string entry = wrong;
    const std::string error = Message(EnvironmentOptions({entry}).status());
    EXPECT_THAT(error, HasSubstr(entry.substr(0, entry.find('=')) + ": ")) << wrong;
  }
}

TEST(CompleteFromEnvironment, FillsWhatNoFlagHasSaid) {
  const std::vector<std::string> environment = {
      "K6_SUMMARY_MODE=full",    "K6_SUMMARY_EXPORT=a.json",         "K6_NO_THRESHOLDS=true",
      "K6_CONSOLE_OUTPUT=c.log", "K6_INCLUDE_SYSTEM_ENV_VARS=false", "K6_CONFIG=c.json"};
  RunFlags flags;
  ASSERT_TRUE(CompleteFromEnvironment(environment, flags).ok());
  EXPECT_EQ(flags.summary_mode, "full");
  EXPECT_EQ(flags.summary_export, "a.json");
  EXPECT_EQ(flags.console_output, "c.log");
  EXPECT_EQ(flags.config, "c.json");
  EXPECT_EQ(flags.no_thresholds, true);
  EXPECT_EQ(flags.system_env, false);
  flags = RunFlags();
  flags.summary_mode = "legacy";
  flags.no_thresholds = false;
  ASSERT_TRUE(CompleteFromEnvironment(environment, flags).ok());
  EXPECT_EQ(flags.summary_mode, "legacy");
  EXPECT_EQ(flags.no_thresholds, false);
  flags = RunFlags();
  EXPECT_THAT(Message(CompleteFromEnvironment({"K6_NO_THRESHOLDS=maybe"}, flags)),
              HasSubstr("K6_NO_THRESHOLDS: \"maybe\""));
}

TEST(IgnoredVariables, AreNamed) {
  EXPECT_THAT(IgnoredVariables({"K6_VUS=1", "K6_LINGER=false", "K6_TRACES_OUTPUT=none"}),
              IsEmpty());
  EXPECT_THAT(IgnoredVariables({"K6_LINGER=true"}),
              ElementsAre(HasSubstr("K6_LINGER is not available in kload")));
}

TEST(ConfigFile, IsTheUsersOwnUnlessNamed) {
  EXPECT_EQ(DefaultConfigPath({"HOME=/h", "XDG_CONFIG_HOME=/x"}), "/x/kload/config.json");
  EXPECT_EQ(DefaultConfigPath({"HOME=/h"}), "/h/.config/kload/config.json");
  EXPECT_EQ(DefaultConfigPath({}), "");
}

TEST(ConfigFile, IsReadWhole) {
  const std::string path = testing::TempDir() + "/config.json";
  std::ofstream(path) << R"({"vus":3})";
  EXPECT_EQ(ReadConfig(path, "").value(), R"({"vus":3})");
  EXPECT_EQ(ReadConfig("", path).value(), R"({"vus":3})");
}

TEST(ConfigFile, MayBeMissingOnlyWhenNobodyNamedIt) {
  EXPECT_EQ(ReadConfig("", "").value(), "");
  EXPECT_EQ(ReadConfig("", "/no/such/config.json").value(), "");
  EXPECT_TRUE(absl::IsNotFound(ReadConfig("/no/such/config.json", "").status()));
  EXPECT_TRUE(absl::IsUnavailable(ReadConfig("/", "").status()));
}

TEST(ConfigFile, MustBeAnObject) {
  const std::string path = testing::TempDir() + "/wrong.json";
  std::ofstream(path) << "[1]";
  EXPECT_THAT(Message(ReadConfig(path, "").status()), HasSubstr("wrong.json is not a JSON object"));
}

}  // namespace
}  // namespace kload::kctl
