#include "controller/watch/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::watch {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// Pages that were asked for at whole seconds.
class Pages {
 public:
  explicit Pages(Nanos window = std::chrono::minutes(10)) : history_(window) {}
  Pages& At(int second, std::string_view page) {
    const auto samples = ParseExposition(page, [](std::string_view) { return true; });
    EXPECT_TRUE(samples.ok()) << samples.status();
    history_.Add(seconds(second), *samples);
    return *this;
  }
  absl::StatusOr<double> operator()(std::string_view text) const {
    const auto expression = Expression::Parse(text);
    if (!expression.ok()) return expression.status();
    return expression->Evaluate(history_);
  }

 private:
  History history_;
};

std::string ErrorOf(std::string_view text) { return Message(Expression::Parse(text).status()); }

constexpr char kPool[] =
    "pool{state=\"active\",db=\"a1\"} 3\npool{state=\"active\",db=\"b\"} 4\n"
    "pool{state=\"idle\",db=\"a1\"} 10\npool 100\n";

TEST(Selector, MatchesLabelsAsPrometheusDoes) {
  const Pages pages = Pages().At(1, kPool);
  EXPECT_EQ(*pages("pool"), 117);
  EXPECT_EQ(*pages("pool{state=\"active\"}"), 7);
  EXPECT_EQ(*pages("pool{state='active', db!=\"b\",}"), 3);
  EXPECT_EQ(*pages("pool{db=~\"a.*\"}"), 13);
}

TEST(Selector, RegularExpressionsAreAnchoredAndAMissingLabelIsEmpty) {
  const Pages pages = Pages().At(1, kPool);
  EXPECT_TRUE(absl::IsNotFound(pages("pool{db=~\"a\"}").status()));
  EXPECT_EQ(*pages("pool{db=~\"a|b\"}"), 4);
  EXPECT_EQ(*pages("pool{db!~\"a[0-9]\"}"), 104);
  EXPECT_EQ(*pages("pool{db=\"\"}"), 100);
  EXPECT_EQ(*pages("pool{db!=\"\"}"), 17);
  EXPECT_EQ(*pages("pool{db=~\"a\\\\d\"}"), 13);
  EXPECT_EQ(Message(pages("pool{db=\"c\"}").status()),
            "no series of the page matches pool{db=\"c\"}");
}

TEST(Expression, Aggregations) {
  const Pages pages = Pages().At(1, kPool);
  EXPECT_EQ(*pages("sum(pool)"), 117);
  EXPECT_EQ(*pages("avg(pool{db!=\"\"})"), 17.0 / 3);
  EXPECT_EQ(*pages("min(pool)"), 3);
  EXPECT_EQ(*pages("max(pool{db!=\"\"})"), 10);
  EXPECT_EQ(*pages("count(pool)"), 4);
  EXPECT_EQ(*pages("max(pool) - min(pool)"), 97);
}

TEST(Expression, ArithmeticHasTheUsualPrecedence) {
  const Pages pages = Pages().At(1, "a 6\nb 4\nz 0\n");
  EXPECT_EQ(*pages("a + b * 2 - 1"), 13);
  EXPECT_EQ(*pages("(a + b) * 2"), 20);
  EXPECT_EQ(*pages("a / b / 3"), 0.5);
  EXPECT_EQ(*pages("a - b - 1"), 1);
  EXPECT_EQ(*pages("-a + -(-b)"), -2);
  EXPECT_EQ(*pages("1e2*a"), 600);
  EXPECT_EQ(*pages("1.5e-1 * b"), 0.6);
  EXPECT_TRUE(absl::IsOutOfRange(pages("a / z").status()));
  EXPECT_TRUE(absl::IsOutOfRange(pages("z / z").status()));
  EXPECT_EQ(*pages("z / a"), 0);
}

TEST(Expression, ASeriesThatIsNotOnTheLatestPageHasNoValue) {
  const Pages pages = Pages().At(1, "a 1\nb 2\n").At(2, "a 1\n");
  EXPECT_TRUE(absl::IsNotFound(pages("b").status()));
  EXPECT_EQ(*pages("a"), 1);
}

TEST(Expression, NoNumberIsNoValue) {
  const Pages pages = Pages().At(1, "a NaN\nb +Inf\n");
  EXPECT_TRUE(absl::IsOutOfRange(pages("a").status()));
  EXPECT_TRUE(absl::IsOutOfRange(pages("b").status()));
}

TEST(Range, RateIncreaseAndDelta) {
  const Pages pages = Pages().At(0, "c 100\n").At(1, "c 110\n").At(2, "c 130\n").At(4, "c 150\n");
  EXPECT_EQ(*pages("increase(c[10s])"), 50);
  EXPECT_EQ(*pages("rate(c[10s])"), 12.5);
  EXPECT_EQ(*pages("increase(c[2s])"), 20) << "pages at 2 s and 4 s";
  EXPECT_EQ(*pages("rate(c[2s])"), 10);
  EXPECT_EQ(*pages("delta(c[10s])"), 50);
  EXPECT_TRUE(absl::IsFailedPrecondition(pages("rate(c[1s])").status()));
}

TEST(Range, CountersThatBeginAgain) {
  const Pages pages =
      Pages().At(0, "c 100\n").At(1, "c 120\n").At(2, "c 5\n").At(3, "c 15\n").At(4, "c 0\n");
  // 20, then 5 since the restart, 10, and 0 since the next one.
  EXPECT_EQ(*pages("increase(c[10s])"), 35);
  EXPECT_EQ(*pages("rate(c[10s])"), 35.0 / 4);
  EXPECT_EQ(*pages("delta(c[10s])"), -100);
}

TEST(Range, EachSeriesHasItsOwnIncrease) {
  const Pages pages = Pages()
                          .At(0, "c{i=\"1\"} 10\nc{i=\"2\"} 100\n")
                          .At(1, "c{i=\"1\"} 12\nc{i=\"2\"} 3\nc{i=\"3\"} 50\n");
  EXPECT_EQ(*pages("rate(c[5s])"), 5) << "one was reset, one has one page only";
  EXPECT_EQ(*pages("max(rate(c[5s]))"), 3);
  EXPECT_EQ(*pages("count(rate(c[5s]))"), 2);
}

TEST(Range, AHitRate) {
  const Pages pages = Pages().At(0, "hits 0\nmisses 0\n").At(10, "hits 90\nmisses 10\n");
  EXPECT_EQ(*pages("100 * rate(hits[10s]) / (rate(hits[10s]) + rate(misses[10s]))"), 90);
  const Pages idle = Pages().At(0, "hits 5\nmisses 5\n").At(10, "hits 5\nmisses 5\n");
  EXPECT_TRUE(
      absl::IsOutOfRange(idle("rate(hits[10s]) / (rate(hits[10s]) + rate(misses[10s]))").status()));
}

constexpr char kBuckets0[] =
    "x_bucket{le=\"0.1\"} 0\nx_bucket{le=\"0.5\"} 0\nx_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} "
    "0\n";
constexpr char kBuckets1[] =
    "x_bucket{le=\"0.1\"} 50\nx_bucket{le=\"0.5\"} 90\nx_bucket{le=\"1\"} 98\n"
    "x_bucket{le=\"+Inf\"} 100\n";

TEST(HistogramQuantile, IsLinearWithinABucket) {
  const Pages pages = Pages().At(0, kBuckets0).At(10, kBuckets1);
  // Rank 25 of 50 in (0, 0.1].
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.25, rate(x_bucket[30s]))"), 0.05);
  // Rank 70: 20 of 40 in (0.1, 0.5].
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.7, rate(x_bucket[30s]))"), 0.3);
  // Rank 95: 5 of 8 in (0.5, 1].
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.95, increase(x_bucket[30s]))"), 0.8125);
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.95, x_bucket)"), 0.8125);
  // Beyond the last edge nothing is known.
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.999, rate(x_bucket[30s]))"), 1);
  EXPECT_DOUBLE_EQ(*pages("1000 * histogram_quantile(0.5, x_bucket)"), 100);
}

TEST(HistogramQuantile, SumsSeriesByLe) {
  const Pages pages = Pages().At(0,
                                 "x_bucket{r=\"a\",le=\"1\"} 10\nx_bucket{r=\"a\",le=\"+Inf\"} 10\n"
                                 "x_bucket{r=\"b\",le=\"1.0\"} 0\nx_bucket{r=\"b\",le=\"2\"} 10\n"
                                 "x_bucket{r=\"b\",le=\"+Inf\"} 10\n");
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.5, x_bucket{r=\"a\"})"), 0.5);
  // 10 up to 1; a has no bucket up to 2, so that counts there do not fall: 10, 10, 20.
  EXPECT_DOUBLE_EQ(*pages("histogram_quantile(0.25, x_bucket)"), 0.5);
}

TEST(HistogramQuantile, WithoutObservationsOrBucketsThereIsNone) {
  const Pages pages = Pages().At(0, kBuckets0).At(1, std::string(kBuckets0) + "y 1\n");
  EXPECT_TRUE(absl::IsOutOfRange(pages("histogram_quantile(0.5, rate(x_bucket[30s]))").status()));
  EXPECT_TRUE(absl::IsOutOfRange(pages("histogram_quantile(0.5, y)").status()));
}

TEST(Expression, NeedsItsMetricsAndWindows) {
  const auto expression = Expression::Parse("rate(b[10s]) / sum(a) + rate(c{x=\"1\"}[1m30s])");
  ASSERT_TRUE(expression.ok()) << expression.status();
  EXPECT_THAT(expression->metrics(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(expression->window_min(), seconds(10));
  EXPECT_EQ(expression->window_max(), seconds(90));
  EXPECT_EQ(Expression::Parse("sum")->metrics().count("sum"), 1u)
      << "a metric's name like any other";
}

TEST(Expression, ErrorsNameTheColumnAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf(""),
            "column 1: expected a metric's name, a function, a number or (, found the end");
  EXPECT_EQ(ErrorOf("a{b=c}"), "column 5: expected a text in quotes, found \"c}\"");
  EXPECT_EQ(ErrorOf("a{b\"c\"}"),
            "column 4: expected =, !=, =~ or !~ after a label's name, found \"\"c\"}\"");
  EXPECT_EQ(ErrorOf("a{b=\"c\" d=\"e\"}"),
            "column 9: expected , or } after a label's value, found \"d=\"e\"}\"");
  EXPECT_EQ(ErrorOf("rate(a)"),
            "column 7: expected a window such as [10s] for rate(), found \")\"");
  EXPECT_THAT(ErrorOf("rate(a[10])"), HasSubstr("column 8: "));
  EXPECT_THAT(ErrorOf("rate(a[1h])"), HasSubstr("is not between 100ms and 10m0s"));
  EXPECT_EQ(ErrorOf("a[10s]"), "column 2: a window is only for rate(), increase() and delta()");
  EXPECT_THAT(ErrorOf("irate(a[10s])"), HasSubstr("column 1: there is no function irate()"));
  EXPECT_THAT(ErrorOf("rate(sum(a)[10s])"), HasSubstr("column 6: expected a metric's name"));
  EXPECT_EQ(ErrorOf("a b"), "column 3: expected an operator (+ - * /) or the end, found \"b\"");
  EXPECT_EQ(ErrorOf("(a"), "column 3: expected an operator (+ - * /) or ), found the end");
  EXPECT_EQ(ErrorOf("a +"),
            "column 4: expected a metric's name, a function, a number or (, found the end");
  EXPECT_EQ(ErrorOf("2x"), "column 1: expected a number, found \"2x\"");
  EXPECT_EQ(ErrorOf("1 + 1"), "it names no metric, so that it would never change");
  EXPECT_THAT(ErrorOf("a{b=~\"(\"}"), HasSubstr("column 6: \"(\" is no regular expression"));
  EXPECT_THAT(ErrorOf(std::string(40, '(') + "a"), HasSubstr("more than 32 parentheses"));
  EXPECT_THAT(ErrorOf(std::string(2000, 'a')), HasSubstr("longer than 1000"));
}

TEST(Expression, ByAndComparisonsAreRefusedByName) {
  EXPECT_THAT(ErrorOf("sum by (le) (a)"), HasSubstr("column 5: there is no by"));
  EXPECT_THAT(ErrorOf("sum(a) by (le)"), HasSubstr("column 8: there is no by"));
  EXPECT_THAT(ErrorOf("a > 1"), HasSubstr("column 3: there are no comparisons (>)"));
  EXPECT_THAT(ErrorOf("sum(a >= 1)"), HasSubstr("column 7: there are no comparisons (>=)"));
  EXPECT_THAT(ErrorOf("a == b"), HasSubstr("no comparisons (==)"));
  EXPECT_THAT(ErrorOf("a and b"), HasSubstr("column 3: there is no \"and\""));
  EXPECT_THAT(ErrorOf("histogram_quantile(0.9, sum(a))"), HasSubstr("column 25: expected buckets"));
  EXPECT_THAT(ErrorOf("histogram_quantile(95, a)"), HasSubstr("column 20: the quantile 95"));
}

TEST(History, IsBoundedByTheWindowAndByPoints) {
  const Pages pages = Pages(seconds(5)).At(0, "c 0\n").At(3, "c 30\n").At(7, "c 70\nd 1\n");
  EXPECT_EQ(*pages("increase(c[10m])"), 40) << "the first page is older than the window";
  History history(seconds(100), /*points_max=*/10);
  for (int i = 0; i < 50; ++i) history.Add(seconds(i), {{"c", {}, double(i)}});
  EXPECT_TRUE(history.shortened());
  EXPECT_LE(history.Find("c")->begin()->second.size(), 10u);
  EXPECT_GE(history.Find("c")->begin()->second.size(), 2u);
  history.Add(seconds(200), {});
  EXPECT_EQ(history.Find("c"), nullptr);
}

}  // namespace
}  // namespace kload::watch
