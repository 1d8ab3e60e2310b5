#include "common/base/duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/base/status.h"

namespace kload {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Nanos Parsed(std::string_view text) {
  const absl::StatusOr<Nanos> parsed = ParseDuration(text, BareNumber::kMilliseconds);
  EXPECT_TRUE(parsed.ok()) << Message(parsed.status());
  return parsed.value_or(Nanos(-987654321));
}

TEST(ParseDuration, ReadsUnits) {
  EXPECT_EQ(Parsed("30s"), 30s);
  EXPECT_EQ(Parsed("1m30s"), 90s);
  EXPECT_EQ(Parsed("1h30m"), 90min);
  EXPECT_EQ(Parsed("1.5s"), 1500ms);
  EXPECT_EQ(Parsed("250ms"), 250ms);
  EXPECT_EQ(Parsed("3us2ns"), 3002ns);
  EXPECT_EQ(Parsed("3\xC2\xB5s"), 3us);
  EXPECT_EQ(Parsed(".5m"), 30s);
  EXPECT_EQ(Parsed("5.s"), 5s);
  EXPECT_EQ(Parsed("0s"), 0s);
}

TEST(ParseDuration, ReadsDaysAndSigns) {
  EXPECT_EQ(Parsed("1d"), 24h);
  EXPECT_EQ(Parsed("1d12h"), 36h);
  EXPECT_EQ(Parsed("1d1.5s"), 24h + 1500ms);
  EXPECT_EQ(Parsed("-5s"), -5s);
  EXPECT_EQ(Parsed("-1d1h"), -25h);
  EXPECT_EQ(Parsed("+5s"), 5s);
}

TEST(ParseDuration, ABareNumberIsMillisecondsWhereAllowed) {
  EXPECT_EQ(Parsed("1500"), 1500ms);
  EXPECT_EQ(Parsed("0.5"), 500us);
  EXPECT_EQ(Parsed("-10"), -10ms);
  const auto refused = ParseDuration("1500", BareNumber::kRefused);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(refused.status()), HasSubstr("with a unit"));
  EXPECT_EQ(*ParseDuration("0", BareNumber::kRefused), 0ns);
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "-", "ten", "10x", "s", "1s2", "1.2.3s", "1 s", "1h 5m",
                                      "d", "1.5d", ".", "1s1d", "--1s", "1e3s"}) {
    const auto parsed = ParseDuration(text, BareNumber::kMilliseconds);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(parsed.status()), HasSubstr("is not a duration such as 30s")) << text;
  }
}

TEST(ParseDuration, RefusesOverflow) {
  EXPECT_EQ(Parsed("9223372036854775807ns"), Nanos::max());
  for (const std::string_view text :
       {"9223372036854775808ns", "2562048h", "106752d", "99999999999999999999s"}) {
    const auto parsed = ParseDuration(text, BareNumber::kMilliseconds);
    EXPECT_THAT(Message(parsed.status()), HasSubstr("too long")) << text;
  }
}

TEST(FormatDuration, WritesGosNotation) {
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(5min), "5m0s");
  EXPECT_EQ(FormatDuration(1h), "1h0m0s");
  EXPECT_EQ(FormatDuration(1500ms), "1.5s");
  EXPECT_EQ(FormatDuration(250ms), "250ms");
  EXPECT_EQ(FormatDuration(1500us), "1.5ms");
  EXPECT_EQ(FormatDuration(1500ns), "1.5\xC2\xB5s");
  EXPECT_EQ(FormatDuration(7ns), "7ns");
  EXPECT_EQ(FormatDuration(-90s), "-1m30s");
  EXPECT_EQ(FormatDuration(25h + 61s + 1ms), "25h1m1.001s");
  EXPECT_EQ(FormatDuration(Nanos::min()), "-2562047h47m16.854775808s");
}

TEST(FormatDuration, ReadsBackExactly) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 10'000; ++i) {
    const Nanos duration(static_cast<int64_t>(random()) >> (random() % 63));
    EXPECT_EQ(Parsed(FormatDuration(duration)), duration) << duration.count();
  }
}

}  // namespace
}  // namespace kload
