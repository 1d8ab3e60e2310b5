#include "kctl/output/time_text.h"

#include <gtest/gtest.h>

namespace kload::kctl {
namespace {

std::string Text(const std::string& format, int64_t ns) {
  TimeText text(*ParseTimeFormat(format));
  std::string out;
  text.Append(Nanos(ns), out);
  return out;
}

TEST(TimeText, HasAllOfK6sFormats) {
  constexpr int64_t kAt = 1'785'578'400'123'456'789;
  EXPECT_EQ(Text("unix", kAt), "1785578400");
  EXPECT_EQ(Text("unix_milli", kAt), "1785578400123");
  EXPECT_EQ(Text("unix_micro", kAt), "1785578400123456");
  EXPECT_EQ(Text("unix_nano", kAt), "1785578400123456789");
  EXPECT_EQ(Text("rfc3339", kAt), "2026-08-01T10:00:00Z");
  EXPECT_EQ(Text("rfc3339_nano", kAt), "2026-08-01T10:00:00.123456789Z");
}

TEST(TimeText, FractionsHaveNoTrailingZeros) {
  EXPECT_EQ(Text("rfc3339_nano", 1'785'578'400'000'000'000), "2026-08-01T10:00:00Z");
  EXPECT_EQ(Text("rfc3339_nano", 1'785'578'400'120'000'000), "2026-08-01T10:00:00.12Z");
  EXPECT_EQ(Text("rfc3339_nano", 1'785'578'400'000'000'010), "2026-08-01T10:00:00.00000001Z");
}

TEST(TimeText, SecondsMayComeInAnyOrder) {
  TimeText text(TimeFormat::kRfc3339);
  std::string out;
  for (const int64_t second : {10, 11, 10}) text.Append(std::chrono::seconds(second), out);
  EXPECT_EQ(out, "1970-01-01T00:00:10Z1970-01-01T00:00:11Z1970-01-01T00:00:10Z");
}

TEST(TimeText, AnotherFormatIsAnErrorThatNamesThem) {
  const auto format = ParseTimeFormat("iso");
  EXPECT_TRUE(absl::IsInvalidArgument(format.status()));
  EXPECT_NE(format.status().ToString().find("rfc3339_nano"), std::string::npos);
}

}  // namespace
}  // namespace kload::kctl
