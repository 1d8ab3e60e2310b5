#include "common/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "common/base/status.h"

namespace kload {
namespace {

using spdlog::level::level_enum;
using namespace std::chrono_literals;

std::string Line(LogShape shape, level_enum level, std::string_view source, std::string_view text) {
  setenv("TZ", "UTC", 1);
  tzset();
  return FormatLogLine(shape, level, source, text, 12'345ms, 1'780'000'000s);
}

TEST(FormatLogLine, TerminalShape) {
  EXPECT_EQ(Line(LogShape::kTerminal, level_enum::info, "", "hello"), "INFO[0012] hello");
  EXPECT_EQ(Line(LogShape::kTerminal, level_enum::warn, "", "careful"), "WARN[0012] careful");
  EXPECT_EQ(Line(LogShape::kTerminal, level_enum::err, "", "broken"), "ERRO[0012] broken");
  EXPECT_EQ(Line(LogShape::kTerminal, level_enum::debug, "console", "x"),
            "DEBU[0012] x" + std::string(43, ' ') + " source=console");
}

TEST(FormatLogLine, LogfmtShape) {
  EXPECT_EQ(Line(LogShape::kLogfmt, level_enum::info, "", "hello"),
            "time=\"2026-05-28T20:26:40Z\" level=info msg=\"hello\"");
  EXPECT_EQ(Line(LogShape::kLogfmt, level_enum::warn, "console", "a \"b\"\nc\\d\x1b"),
            "time=\"2026-05-28T20:26:40Z\" level=warning msg=\"a \\\"b\\\"\\nc\\\\d\\x1b\" "
            "source=console");
}

TEST(FormatLogLine, JsonAndRawShapes) {
  EXPECT_EQ(
      Line(LogShape::kJson, level_enum::warn, "console", "a \"b\"\n"),
      R"({"level":"warning","msg":"a \"b\"\n","source":"console","time":"2026-05-28T20:26:40Z"})");
  EXPECT_EQ(Line(LogShape::kRaw, level_enum::err, "console", "broken"), "broken");
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SetUpLogging, WritesToTheFileFromTheLevelOn) {
  const std::string path = testing::TempDir() + "/kload.log";
  ASSERT_TRUE(SetUpLogging({.output = "file=" + path + ",level=warning", .format = "raw"}).ok());
  LogFrom(level_enum::info, "console", "quiet");
  LogFrom(level_enum::warn, "console", "loud");
  SetUpLogging(false);
  EXPECT_EQ(ReadFile(path), "loud\n");
}

TEST(SetUpLogging, RefusesOtherWords) {
  const auto error = [](const LogSettings& settings) { return Message(SetUpLogging(settings)); };
  EXPECT_THAT(error({.output = "syslog"}),
              testing::HasSubstr("stderr, stdout, none and file=PATH"));
  EXPECT_THAT(error({.output = "loki=http://h"}), testing::HasSubstr("loki is not available"));
  EXPECT_THAT(error({.output = "stderr,level=loud"}), testing::HasSubstr("\"loud\""));
  EXPECT_THAT(error({.format = "xml"}), testing::HasSubstr("text, json and raw"));
  EXPECT_THAT(error({.output = "file=/dev/null/x.log"}), testing::HasSubstr("cannot write"));
}

TEST(LogConsoleTo, TakesWhatScriptsPrintAndNothingElse) {
  const std::string all = testing::TempDir() + "/all.log";
  const std::string console = testing::TempDir() + "/console.log";
  ASSERT_TRUE(SetUpLogging({.output = "file=" + all, .format = "raw"}).ok());
  ASSERT_TRUE(LogConsoleTo(console).ok());
  LogFrom(level_enum::info, "console agent=a1", "printed");
  LogFrom(level_enum::info, "", "said");
  spdlog::drop("console");
  SetUpLogging(false);
  EXPECT_EQ(ReadFile(all), "said\n");
  EXPECT_THAT(ReadFile(console), testing::HasSubstr("msg=\"printed\" source=console agent=a1"));
}

}  // namespace
}  // namespace kload
