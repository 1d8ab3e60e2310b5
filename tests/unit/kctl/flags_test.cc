#include "kctl/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// What the line `kctl run <arguments>` means.
RunFlags Parse(std::vector<std::string> arguments) {
  RunFlags flags;
  GlobalFlags global;
  CLI::App app("test", "kctl");
  AddRunFlags(app, flags);
  AddGlobalFlags(app, global);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return flags;
}

TEST(RunFlags, KeepTheirDefaults) {
  const RunFlags flags = Parse({"a.js"});
  EXPECT_EQ(flags.script, "a.js");
  EXPECT_FALSE(flags.vus.has_value());
  EXPECT_FALSE(flags.agents.has_value());
  EXPECT_FALSE(flags.system_env.has_value());
  EXPECT_FALSE(flags.no_thresholds.has_value());
  EXPECT_EQ(flags.agents_timeout, "30s");
  EXPECT_EQ(flags.summary_mode, "");
  EXPECT_TRUE(flags.switches.empty());
}

TEST(RunFlags, RepeatableFlagsDoNotSwallowTheScript) {
  const RunFlags flags = Parse(
      {"-e", "A=1", "--env", "B=2", "a.js", "--tag", "x=y", "--threshold", "checks=rate>0.9"});
  EXPECT_EQ(flags.script, "a.js");
  EXPECT_THAT(flags.env, ElementsAre("A=1", "B=2"));
  EXPECT_THAT(flags.tags, ElementsAre("x=y"));
  EXPECT_THAT(flags.thresholds, ElementsAre("checks=rate>0.9"));
}

TEST(RunFlags, ShortAndLongSpellings) {
  const RunFlags flags = Parse({"-u", "5", "-d", "30s", "-i10", "a.js"});
  EXPECT_EQ(flags.vus, 5);
  EXPECT_EQ(flags.duration, "30s");
  EXPECT_EQ(flags.iterations, 10);
  EXPECT_EQ(Parse({"--vus=7", "a.js"}).vus, 7);
}

TEST(RunFlags, StagesRepeatOrAreSeparatedByCommas) {
  EXPECT_THAT(Parse({"-s", "10s:5,1m:20", "--stage", "5s:0", "a.js"}).stages,
              ElementsAre("10s:5", "1m:20", "5s:0"));
}

TEST(RunFlags, SwitchesAreSetOnlyWhenGiven) {
  EXPECT_THAT(Parse({"a.js", "-w", "--no-vu-connection-reuse"}).switches,
              ElementsAre(Pair("noVUConnectionReuse", true), Pair("throw", true)));
  EXPECT_THAT(Parse({"a.js", "--throw=false"}).switches, ElementsAre(Pair("throw", false)));
  EXPECT_EQ(Parse({"a.js", "--include-system-env-vars=false"}).system_env, false);
  EXPECT_EQ(Parse({"a.js", "--no-thresholds"}).no_thresholds, true);
  EXPECT_EQ(Parse({"a.js", "--no-thresholds=false"}).no_thresholds, false);
}

TEST(RunFlags, NetworkOptionsKeepTheScriptsSpelling) {
  const RunFlags flags =
      Parse({"--rps", "50", "--batch=3", "--batch-per-host", "2", "--dns", "ttl=0,policy=any",
             "--block-hostnames", "*.a.com,b.com", "--block-hostnames", "c.com", "--local-ips",
             "127.0.0.1,127.0.0.2", "--no-cookies-reset", "a.js", "--blacklist-ip", "10.0.0.0/8"});
  EXPECT_THAT(flags.counts,
              ElementsAre(Pair("batch", 3), Pair("batchPerHost", 2), Pair("rps", 50)));
  EXPECT_EQ(flags.texts.at("dns"), "ttl=0,policy=any");
  EXPECT_EQ(flags.texts.at("localIPs"), "127.0.0.1,127.0.0.2");
  EXPECT_THAT(flags.lists.at("blockHostnames"), ElementsAre("*.a.com", "b.com", "c.com"));
  EXPECT_THAT(flags.lists.at("blacklistIPs"), ElementsAre("10.0.0.0/8"));
  EXPECT_TRUE(flags.switches.at("noCookiesReset"));
  EXPECT_EQ(flags.script, "a.js");
}

TEST(RunFlags, HttpDebugTakesItsValueOnlyWithAnEqualsSign) {
  EXPECT_EQ(Parse({"--http-debug", "a.js"}).http_debug, "headers");
  EXPECT_EQ(Parse({"--http-debug=full", "a.js"}).http_debug, "full");
  EXPECT_EQ(Parse({"a.js"}).http_debug, "");
}

TEST(RunFlags, NoSummaryIsSummaryModeDisabled) {
  EXPECT_EQ(Parse({"a.js", "--no-summary"}).summary_mode, "disabled");
}

TEST(RunFlags, ScriptAndItsSurroundings) {
  const RunFlags flags = Parse({"-t", "archive", "-c", "c.json", "--env-file", "a.env",
                                "--env-file=b.env", "--console-output", "out.log", "x.tar",
                                "--no-usage-report", "--compatibility-mode", "base"});
  EXPECT_EQ(flags.type, "archive");
  EXPECT_EQ(flags.config, "c.json");
  EXPECT_THAT(flags.env_files, ElementsAre("a.env", "b.env"));
  EXPECT_EQ(flags.console_output, "out.log");
  EXPECT_EQ(flags.script, "x.tar");
  EXPECT_THROW(Parse({"-t", "zip", "x.zip"}), CLI::ParseError);
}

TEST(RunFlags, OutputsRepeatAndMayBeWrittenAsK6Does) {
  const RunFlags flags =
      Parse({"--out", "json=a.json", "a.js", "-o", "csv=b.csv", "-o", "json", "--out=prometheus"});
  EXPECT_THAT(flags.outs, testing::UnorderedElementsAre("json=a.json", "prometheus", "csv=b.csv"));
  EXPECT_EQ(flags.output, "json");
  EXPECT_EQ(flags.script, "a.js");
}

TEST(RunFlags, RefuseWhatIsNoNumber) {
  EXPECT_THROW(Parse({"a.js", "--vus", "many"}), CLI::ParseError);
  EXPECT_THROW(Parse({"a.js", "--agents", "-3"}), CLI::ParseError);
  EXPECT_THROW(Parse({}), CLI::ParseError);
}

TEST(UnknownArgument, SuggestsTheNearestFlag) {
  const std::vector<std::string> known = {"--vus", "--duration", "--summary-export"};
  EXPECT_EQ(Message(UnknownArgument("--duratoin=3s", known, "run")),
            "unknown flag --duratoin: did you mean --duration? see `kctl run --help`");
  EXPECT_EQ(Message(UnknownArgument("--colour", known, "run")),
            "unknown flag --colour; see `kctl run --help`");
  EXPECT_EQ(Message(UnknownArgument("b.js", known, "run")),
            "unexpected argument \"b.js\"; see `kctl run --help`");
}

TEST(UnknownArgument, ExplainsWhatOnlyK6Has) {
  for (const char* flag : {"--paused", "-p", "-l", "--traces-output=otel"}) {
    EXPECT_THAT(Message(UnknownArgument(flag, {"--output"}, "run")),
                HasSubstr("it is a flag of k6 that kload does not have"));
  }
}

}  // namespace
}  // namespace kload::kctl
