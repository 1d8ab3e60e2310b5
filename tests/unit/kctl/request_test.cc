#include "kctl/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string ErrorOf(const RunFlags& flags) { return Message(BuildRequest(flags, 0, {}).status()); }

TEST(OptionsJson, IsEmptyWithoutFlags) { EXPECT_EQ(OptionsJson(RunFlags()).value(), "{}"); }

TEST(OptionsJson, SpellsOptionsAsScriptsDo) {
  RunFlags flags;
  flags.vus = 3;
  flags.stages = {"10s:5", "1m30s:0"};
  flags.tags = {"env=test", "note=a=b"};
  flags.user_agent = "kload";
  flags.max_redirects = 0;
  flags.min_iteration_duration = "1s";
  flags.summary_trend_stats = {"avg", "p(99)"};
  flags.summary_time_unit = "ms";
  flags.switches = {{"insecureSkipTLSVerify", true}, {"throw", false}};
  EXPECT_EQ(
      OptionsJson(flags).value(),
      R"x({"vus":3,"stages":[{"duration":"10s","target":5},{"duration":"1m30s","target":0}],)x"
      R"x("tags":{"env":"test","note":"a=b"},"userAgent":"kload","maxRedirects":0,)x"
      R"x("minIterationDuration":"1s","summaryTrendStats":["avg","p(99)"],"summaryTimeUnit":"ms",)x"
      R"x("insecureSkipTLSVerify":true,"throw":false})x");
}

TEST(OptionsJson, CarriesDurationAndIterations) {
  RunFlags flags;
  flags.duration = "30s";
  flags.iterations = 9;
  EXPECT_EQ(OptionsJson(flags).value(), R"({"duration":"30s","iterations":9})");
}

TEST(OptionsJson, CarriesNetworkOptions) {
  RunFlags flags;
  flags.counts = {{"rps", 0}};
  flags.texts = {{"dns", "ttl=1m,select=first"}, {"localIPs", "127.0.0.2"}};
  flags.lists = {{"blockHostnames", {"a.com", "*.b.com"}}, {"blacklistIPs", {}}};
  flags.http_debug = "full";
  EXPECT_EQ(OptionsJson(flags).value(),
            R"({"httpDebug":"full","rps":0,"dns":{"ttl":"1m","select":"first"},)"
            R"("localIPs":"127.0.0.2","blockHostnames":["a.com","*.b.com"]})");
}

TEST(OptionsJson, NamesTheFlagThatIsWrong) {
  const auto with = [](auto set) {
    RunFlags flags;
    set(flags);
    return ErrorOf(flags);
  };
  EXPECT_THAT(with([](RunFlags& f) { f.duration = "30"; }), HasSubstr("--duration: "));
  EXPECT_THAT(with([](RunFlags& f) { f.duration = "-3s"; }), HasSubstr("negative"));
  EXPECT_EQ(with([](RunFlags& f) { f.vus = 0; }), "--vus: 0 is less than 1");
  for (const char* stage : {"30s", "30s:", ":5", "30s:five", "30s:-1", "30s:99999999999"}) {
    EXPECT_THAT(with([&](RunFlags& f) { f.stages = {stage}; }), HasSubstr("--stage: ")) << stage;
  }
  for (const char* tag : {"", "a", "=b", "a="}) {
    EXPECT_THAT(with([&](RunFlags& f) { f.tags = {tag}; }), HasSubstr("--tag: ")) << tag;
  }
  EXPECT_THAT(with([](RunFlags& f) { f.summary_time_unit = "h"; }), HasSubstr("none of s, ms, us"));
  EXPECT_THAT(with([](RunFlags& f) { f.summary_mode = "short"; }), HasSubstr("--summary-mode: "));
  EXPECT_THAT(with([](RunFlags& f) { f.counts["rps"] = -1; }), HasSubstr("rps: -1"));
  EXPECT_THAT(with([](RunFlags& f) { f.http_debug = "all"; }), HasSubstr("--http-debug: "));
  EXPECT_THAT(with([](RunFlags& f) { f.texts["dns"] = "ttl:5m"; }), HasSubstr("--dns: "));
  EXPECT_THAT(with([](RunFlags& f) { f.time_scale = 0; }), HasSubstr("--time-scale: "));
  EXPECT_THAT(with([](RunFlags& f) { f.agents_timeout = "soon"; }),
              HasSubstr("--agents-timeout: "));
  EXPECT_THAT(with([](RunFlags& f) {
                f.stages = {"1s:1"};
                f.duration = "1s";
              }),
              HasSubstr("cannot be combined"));
}

TEST(ScriptEnv, TakesFlagsOverTheEnvironment) {
  RunFlags flags;
  flags.env = {"A=flag=1", "EMPTY"};
  const std::vector<std::string> environment = {"A=system", "B=2", "bad-name=3", "BASH_FUNC_x%%=4"};
  EXPECT_THAT(ScriptEnv(flags, true, environment).value(),
              UnorderedElementsAre(Pair("A", "flag=1"), Pair("B", "2"), Pair("EMPTY", "")));
  EXPECT_THAT(ScriptEnv(flags, false, environment).value(),
              UnorderedElementsAre(Pair("A", "flag=1"), Pair("EMPTY", "")));
  EXPECT_THAT(ScriptEnv(flags, true, environment, {{"A", "file"}, {"B", "file"}}).value(),
              UnorderedElementsAre(Pair("A", "flag=1"), Pair("B", "file"), Pair("EMPTY", "")));
  flags.system_env = false;
  EXPECT_EQ(ScriptEnv(flags, true, environment)->size(), 2U);
}

TEST(ScriptEnv, RefusesBadNames) {
  for (const char* bad : {"", "=x", "1A=x", "a-b=x", "a b=x"}) {
    RunFlags flags;
    flags.env = {bad};
    EXPECT_TRUE(absl::IsInvalidArgument(ScriptEnv(flags, false, {}).status())) << bad;
  }
}

TEST(SplitThreshold, SplitsAtTheFirstEqualsOutsideBraces) {
  EXPECT_THAT(SplitThreshold("http_req_duration=p(95)<150").value(),
              Pair("http_req_duration", "p(95)<150"));
  EXPECT_THAT(SplitThreshold("d{name:a=b}=rate==1").value(), Pair("d{name:a=b}", "rate==1"));
  for (const char* bad : {"", "x", "=p(95)<1", "x=", "x{a=b}"}) {
    EXPECT_FALSE(SplitThreshold(bad).ok()) << bad;
  }
}

TEST(BuildRequest, FillsEverything) {
  RunFlags flags;
  flags.script = "stress";
  flags.agents = 8;
  flags.agents_timeout = "1m";
  flags.thresholds = {"checks=rate>0.9"};
  flags.no_setup = true;
  flags.time_scale = 0.1;
  const v1::StartRunRequest request = BuildRequest(flags, 1, {{"A", "1"}}).value();
  EXPECT_EQ(request.script_name(), "stress");
  EXPECT_EQ(request.agents(), 8U);
  EXPECT_EQ(request.agents_timeout_ns(), 60'000'000'000);
  EXPECT_EQ(request.env().at("A"), "1");
  EXPECT_THAT(request.thresholds(), ElementsAre("checks=rate>0.9"));
  EXPECT_TRUE(request.no_setup());
  EXPECT_FALSE(request.no_teardown());
  EXPECT_EQ(request.time_scale(), 0.1);
  EXPECT_EQ(request.options_json(), "{}");
  EXPECT_EQ(BuildRequest(RunFlags(), 1, {})->agents(), 1U);
  EXPECT_FALSE(request.full_summary());
  EXPECT_FALSE(request.no_thresholds());
  flags.summary_mode = "full";
  flags.no_thresholds = true;
  EXPECT_TRUE(BuildRequest(flags, 1, {})->full_summary());
  EXPECT_TRUE(BuildRequest(flags, 1, {})->no_thresholds());
}

}  // namespace
}  // namespace kload::kctl
