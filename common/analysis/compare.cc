#include "common/analysis/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "common/analysis/blocks.h"
#include "common/analysis/comparable.h"

namespace kload::analysis {
namespace {

constexpr ValueKind kKind = ValueKind::kTime;

struct Quantile {
  double p;
  const char* name;
  double ResultPoint::*of_second;
};
constexpr std::array<Quantile, 3> kQuantiles = {{{0.5, "p50", &ResultPoint::p50},
                                                 {0.95, "p95", &ResultPoint::p95},
                                                 {0.99, "p99", &ResultPoint::p99}}};

struct Side {
  const TrendSink* duration = nullptr;
  double requests = 0;
  double failed = 0;
};

struct Subject {
  std::string name = {};
  Side before = {};
  Side after = {};
  double share = 1;  // of all requests
};

double RequestsOf(const ResultPoint& point) { return static_cast<double>(point.requests); }
double FailedOf(const ResultPoint& point) { return static_cast<double>(point.failed); }

// Samples above a duration; of the bucket that it lies in, half.
double SlowerThan(const ResultPoint& point, size_t bucket) {
  double count = 0;
  for (size_t i = bucket; i < point.heat.size(); ++i) {
    count += static_cast<double>(point.heat[i]) * (i == bucket ? 0.5 : 1);
  }
  return count;
}

double SamplesOf(const ResultPoint& point) {
  double count = 0;
  for (const uint64_t bucket : point.heat) count += static_cast<double>(bucket);
  return count;
}

// From the metrics themselves: a run may have no tags to tell endpoints apart.
Side WholeOf(const Result& result) {
  Side side{.duration = result.Trend("http_req_duration")};
  const MetricTotal* failed = result.Find("http_req_failed");
  if (const auto* rate = failed == nullptr ? nullptr : std::get_if<RateSink>(&failed->sink)) {
    side.requests = static_cast<double>(rate->total);
    side.failed = static_cast<double>(rate->nonzero);
  }
  return side;
}

Change ChangeOf(const Interval& difference, bool matters) {
  if (!std::isfinite(difference.low) || !std::isfinite(difference.high)) {
    return Change::kTooFewSamples;
  }
  if (!matters) return Change::kSame;
  if (difference.low > 0) return Change::kWorse;
  if (difference.high < 0) return Change::kBetter;
  return Change::kSame;
}

Change Opposite(Change change) {
  if (change == Change::kWorse) return Change::kBetter;
  if (change == Change::kBetter) return Change::kWorse;
  return change;
}

// What an endpoint is called in both runs. The same service is at another address in another environment, so the host is
// left out, unless one run calls that path at two hosts.
std::map<const Endpoint*, std::string> NamesOf(const Result& before, const Result& after) {
  std::map<std::string, int> most;  // endpoints of one run that share method and path
  for (const Result* result : {&before, &after}) {
    std::map<std::string, int> count;
    for (const Endpoint& endpoint : result->endpoints) {
      const std::string path = fmt::format("{} {}", endpoint.method, PathOf(endpoint.name));
      most[path] = std::max(most[path], ++count[path]);
    }
  }
  std::map<const Endpoint*, std::string> names;
  for (const Result* result : {&before, &after}) {
    for (const Endpoint& endpoint : result->endpoints) {
      const std::string path = fmt::format("{} {}", endpoint.method, PathOf(endpoint.name));
      names[&endpoint] = most[path] == 1 ? path : endpoint.method + " " + endpoint.name;
    }
  }
  return names;
}

// Worse if any row is, else better if any is. Latencies of which none can be told leave the verdict open.
Change VerdictOf(const std::vector<Comparison>& rows) {
  const auto any = [&](Change change) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const Comparison& row) { return row.change == change; });
  };
  if (any(Change::kWorse)) return Change::kWorse;
  const bool told = std::any_of(rows.begin(), rows.end(), [](const Comparison& row) {
    return row.unit == "ms" && row.change != Change::kTooFewSamples;
  });
  if (!told) return Change::kTooFewSamples;
  return any(Change::kBetter) ? Change::kBetter : Change::kSame;
}

class Comparer {
 public:
  Comparer(const Result& before, const Result& after, const CompareOptions& options)
      : before_(before),
        after_(after),
        options_(options),
        failed_blocks_(PairBlocks(before.points, after.points, RequestsOf, FailedOf)) {}

  RunComparison Run() {
    RunComparison out;
    out.incomparable = WhyIncomparable(before_, after_);
    out.remarks = RemarksOf(before_, after_);
    std::vector<Subject> subjects = Subjects();
    // Three quantiles and the failed share of each, and the rate of the whole.
    alpha_ = (1 - options_.confidence) / (static_cast<double>(subjects.size()) * 4 + 1);
    for (const Subject& subject : subjects) {
      for (const Quantile& quantile : kQuantiles) AddQuantile(subject, quantile, out);
      AddFailed(subject, out);
    }
    AddRate(out);
    out.verdict = VerdictOf(out.rows);
    return out;
  }

 private:
  std::vector<Subject> Subjects() const {
    std::vector<Subject> subjects;
    Subject whole{.name = "all requests"};
    whole.before = WholeOf(before_);
    whole.after = WholeOf(after_);
    const std::map<const Endpoint*, std::string> names = NamesOf(before_, after_);
    std::map<std::string, Subject> by_name;
    const auto take = [&](const Result& result, Side Subject::*side) {
      for (const Endpoint& endpoint : result.endpoints) {
        Subject& subject = by_name[names.at(&endpoint)];
        (subject.*side) = {&endpoint.duration, double(endpoint.requests), double(endpoint.failed)};
      }
    };
    take(before_, &Subject::before);
    take(after_, &Subject::after);
    subjects.push_back(whole);
    const double all = std::max(whole.before.requests + whole.after.requests, 1.0);
    for (auto& [name, subject] : by_name) {
      if (subject.before.duration == nullptr || subject.after.duration == nullptr) continue;
      subject.name = name;
      subject.share = (subject.before.requests + subject.after.requests) / all;
      subjects.push_back(subject);
    }
    // A single endpoint is the whole.
    if (subjects.size() == 2 && subjects.back().share == 1) subjects.pop_back();
    return subjects;
  }

  // How far the estimates must reach, for so many blocks as the design effect was taken from.
  double Reach(const std::vector<BlockPair>& blocks) const {
    if (blocks.size() < kBlocksMin) return NormalQuantile(1 - alpha_ / 2);
    return StudentQuantile(1 - alpha_ / 2, static_cast<double>(blocks.size() - 1));
  }

  void AddQuantile(const Subject& subject, const Quantile& quantile, RunComparison& out) const {
    const TrendSink* before = subject.before.duration;
    const TrendSink* after = subject.after.duration;
    if (before == nullptr || after == nullptr || before->count() == 0 || after->count() == 0) {
      return;
    }
    // The share of samples that are slower than where the quantile lies tells how much a moment makes them all slow.
    TrendSink both = *before;
    both.Merge(*after);
    const size_t bucket = HeatBucket(both.Quantile(quantile.p, kKind));
    const std::vector<BlockPair> blocks =
        PairBlocks(before_.points, after_.points, SamplesOf,
                   [&](const ResultPoint& point) { return SlowerThan(point, bucket); });
    const double whole = DesignEffect(blocks);
    if (subject.share == 1 && quantile.p == 0.95) out.design_effect = whole;
    const double effect = DesignEffectOfPart(whole, blocks, subject.share);
    const double z = Reach(blocks);
    const Estimate was = QuantileEstimate(*before, kKind, quantile.p, z, effect);
    const Estimate is = QuantileEstimate(*after, kKind, quantile.p, z, effect);
    Comparison row{.subject = subject.name,
                   .measure = quantile.name,
                   .unit = "ms",
                   .before = was.value,
                   .after = is.value,
                   .difference = DifferenceInterval(was, is)};
    const double off =
        std::max(was.value, is.value) *
        RelativeReach(
            before_.points, after_.points,
            [&](const ResultPoint& point) { return point.*quantile.of_second; }, alpha_);
    row.difference.low = std::min(row.difference.low, is.value - was.value - off);
    row.difference.high = std::max(row.difference.high, is.value - was.value + off);
    row.relative = was.value > 0 ? is.value / was.value - 1 : 0;
    const double size = std::abs(is.value - was.value);
    row.change = ChangeOf(
        row.difference, size >= options_.min_change_ms && size >= options_.min_change * was.value);
    out.rows.push_back(row);
  }

  void AddFailed(const Subject& subject, RunComparison& out) const {
    if (subject.before.requests <= 0 || subject.after.requests <= 0) return;
    const std::vector<BlockPair>& blocks = failed_blocks_;
    const double effect = DesignEffectOfPart(DesignEffect(blocks), blocks, subject.share);
    const double z = Reach(blocks);
    const Estimate was = ShareEstimate(subject.before.failed, subject.before.requests, z, effect);
    const Estimate is = ShareEstimate(subject.after.failed, subject.after.requests, z, effect);
    const Interval difference = DifferenceInterval(was, is);
    Comparison row{.subject = subject.name,
                   .measure = "failed",
                   .unit = "%",
                   .before = was.value * 100,
                   .after = is.value * 100,
                   .difference = {difference.low * 100, difference.high * 100}};
    row.relative = row.after - row.before;
    row.change = ChangeOf(row.difference, std::abs(is.value - was.value) >= options_.min_failed);
    out.rows.push_back(row);
  }

  void AddRate(RunComparison& out) const {
    const std::vector<BlockPair>& blocks = failed_blocks_;
    if (blocks.empty()) return;
    const size_t common = std::min(before_.points.size(), after_.points.size());
    const size_t size = std::max<size_t>(1, common / kBlocks);
    double seconds = 0;
    double was = 0;
    double is = 0;
    for (size_t i = 0; i < size; ++i) seconds += before_.points[i].seconds();
    for (const BlockPair& block : blocks) {
      was += block.total_before;
      is += block.total_after;
    }
    if (seconds <= 0) return;
    const double time = seconds * static_cast<double>(blocks.size());
    const Estimate difference = TotalDifference(blocks, alpha_);
    Comparison row{
        .subject = "all requests",
        .measure = "requests/s",
        .unit = "/s",
        .before = was / time,
        .after = is / time,
        .difference = {difference.interval.low / seconds, difference.interval.high / seconds}};
    row.relative = was > 0 ? is / was - 1 : 0;
    // Fewer requests of the same plan are worse.
    row.change = Opposite(ChangeOf(
        row.difference, std::abs(row.after - row.before) >= options_.min_change * row.before));
    const auto after_whole = std::find_if(out.rows.begin(), out.rows.end(), [](const auto& each) {
      return each.subject != "all requests";
    });
    out.rows.insert(after_whole, row);
  }

  const Result& before_;
  const Result& after_;
  const CompareOptions& options_;
  const std::vector<BlockPair> failed_blocks_;
  double alpha_ = 0.05;  // of one row
};

}  // namespace

std::string_view ChangeName(Change change) {
  switch (change) {
    case Change::kSame:
      return "same";
    case Change::kBetter:
      return "better";
    case Change::kWorse:
      return "worse";
    case Change::kTooFewSamples:
      return "too few samples";
  }
  return "";
}

RunComparison Compare(const Result& before, const Result& after, const CompareOptions& options) {
  return Comparer(before, after, options).Run();
}

}  // namespace kload::analysis
