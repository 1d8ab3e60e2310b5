#include "controller/watch/watch_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

v1::TargetWatch Asked(const std::string& url = "http://t:1/metrics") {
  v1::TargetWatch message;
  message.set_url(url);
  return message;
}

void Add(v1::TargetWatch& message, const std::string& name, const std::string& expression) {
  message.add_metrics()->set_name(name);
  message.mutable_metrics()->rbegin()->set_expression(expression);
}

std::string ErrorOf(const v1::TargetWatch& message) {
  const auto spec = DecodeWatch(message);
  EXPECT_EQ(spec.ok(), false);
  EXPECT_TRUE(absl::IsInvalidArgument(spec.status()));
  return Message(spec.status());
}

TEST(WatchSpec, ReadsASecondApartUnlessToldOtherwise) {
  v1::TargetWatch message = Asked();
  Add(message, "hit rate %", "rate(a[10s])");
  Add(message, "pool", "b");
  const auto spec = DecodeWatch(message);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->interval, seconds(1));
  EXPECT_EQ(spec->window(), seconds(10));
  EXPECT_EQ(spec->metrics[0].text, "rate(a[10s])");
  message.set_interval_ns(Nanos(milliseconds(100)).count());
  EXPECT_EQ(DecodeWatch(message)->interval, milliseconds(100));
}

TEST(WatchSpec, SaysWhatIsWrong) {
  v1::TargetWatch message = Asked();
  EXPECT_THAT(ErrorOf(message), HasSubstr("say --watch NAME=EXPRESSION"));
  Add(message, "a", "x{");
  EXPECT_EQ(ErrorOf(message), "--watch a: column 3: expected a label's name or }, found the end");
  message.mutable_metrics(0)->set_expression("rate(x[1s])");
  EXPECT_THAT(
      ErrorOf(message),
      HasSubstr("--watch a: a window of 1s is too short for a page every 1s; make it at least 2s"));
  message.mutable_metrics(0)->set_expression("x");
  Add(message, "a", "y");
  EXPECT_THAT(ErrorOf(message), HasSubstr("\"a\" is given twice"));
  message.mutable_metrics(1)->set_name("a=b");
  EXPECT_THAT(ErrorOf(message), HasSubstr("is no name"));
  message.mutable_metrics(1)->set_name("b");
  EXPECT_TRUE(DecodeWatch(message).ok());
  message.set_interval_ns(Nanos(milliseconds(99)).count());
  EXPECT_THAT(ErrorOf(message), HasSubstr("--watch-interval: 99ms is not between"));
  message.set_interval_ns(-1);
  EXPECT_THAT(ErrorOf(message), HasSubstr("--watch-interval"));
}

TEST(WatchSpec, OnlyAddressesOfPages) {
  for (const char* url : {"", "t:1/metrics", "ftp://t/", "file:///etc/passwd", "http://",
                          "http:///x", "http://a b/"}) {
    v1::TargetWatch message = Asked(url);
    Add(message, "a", "x");
    EXPECT_THAT(ErrorOf(message), HasSubstr("--watch-metrics: ")) << url;
  }
  v1::TargetWatch message = Asked("ftp://me:secret@t/");
  EXPECT_EQ(ErrorOf(message).find("secret"), std::string::npos);
}

TEST(WatchSpec, MetricsAreBounded) {
  v1::TargetWatch message = Asked();
  for (size_t i = 0; i <= WatchSpec::kMetricsMax; ++i) Add(message, "m" + std::to_string(i), "x");
  EXPECT_THAT(ErrorOf(message), HasSubstr("33 metrics are more than 32"));
}

}  // namespace
}  // namespace kload::watch
