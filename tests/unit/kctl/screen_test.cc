#include "kctl/screen.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <thread>

namespace kload::kctl {
namespace {

TEST(UseColor, FollowsFlagThenEnvironmentThenTerminal) {
  EXPECT_TRUE(UseColor(true, false, nullptr, nullptr));
  EXPECT_FALSE(UseColor(false, false, nullptr, nullptr));
  EXPECT_FALSE(UseColor(true, true, nullptr, "1"));
  EXPECT_FALSE(UseColor(true, false, "", nullptr));
  EXPECT_FALSE(UseColor(true, false, "1", "1"));
  EXPECT_TRUE(UseColor(false, false, nullptr, "1"));
  EXPECT_FALSE(UseColor(false, false, nullptr, "0"));
}

struct Output {
  std::string text;
  Screen::Write write() {
    return [this](std::string_view part) { text += part; };
  }
};

TEST(Screen, DrawsOverTheBlock) {
  Output out;
  Screen screen(out.write(), true, false);
  screen.Draw({"a1", "a2"});
  EXPECT_EQ(out.text, "a1\na2\n");
  screen.Draw({"b"});
  EXPECT_EQ(out.text, "a1\na2\n\x1b[2A\r\x1b[Jb\n");
}

TEST(Screen, TextGoesAboveTheBlock) {
  Output out;
  Screen screen(out.write(), true, false);
  screen.Draw({"bar"});
  out.text.clear();
  screen.Print("text\n");
  EXPECT_EQ(out.text, "\x1b[1A\r\x1b[Jtext\nbar\n");
  out.text.clear();
  screen.Aside([&] { out.text += "<stderr>"; });
  EXPECT_EQ(out.text, "\x1b[1A\r\x1b[J<stderr>bar\n");
}

TEST(Screen, FinishLeavesOrRemovesTheBlock) {
  Output out;
  Screen screen(out.write(), true, false);
  screen.Draw({"bar"});
  screen.Finish(true);
  out.text.clear();
  screen.Print("summary\n");
  EXPECT_EQ(out.text, "summary\n");
  screen.Draw({"bar"});
  out.text.clear();
  screen.Finish(false);
  EXPECT_EQ(out.text, "\x1b[1A\r\x1b[J");
}

TEST(Screen, OffATerminalNothingIsDrawn) {
  Output out;
  Screen screen(out.write(), false, false);
  screen.Draw({"bar"});
  screen.Print("line\n");
  EXPECT_EQ(out.text, "line\n");
}

TEST(LogAboveScreen, KeepsLogLinesOutOfTheBlock) {
  // Log and screen share one text, as they share a terminal.
  std::ostringstream both;
  auto before = spdlog::default_logger();
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(both);
  sink->set_pattern("%v");
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink));
  {
    Screen screen([&](std::string_view text) { both << text; }, true, false);
    const LogAboveScreen above(screen, spdlog::level::warn);
    screen.Draw({"bar"});
    spdlog::info("mine");
    std::thread([] {
      spdlog::info("chatter");
      spdlog::warn("matters");
    }).join();
    EXPECT_EQ(both.str(),
              "bar\n\x1b[1A\r\x1b[Jmine\nbar\n"
              "\x1b[1A\r\x1b[Jmatters\nbar\n");
  }
  both.str("");
  spdlog::info("after");
  EXPECT_EQ(both.str(), "after\n");
  spdlog::set_default_logger(before);
}

}  // namespace
}  // namespace kload::kctl
