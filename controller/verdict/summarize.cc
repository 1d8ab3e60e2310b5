#include "controller/verdict/summarize.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace kload::controller {
namespace {

using Outcome = Verdict::Outcome;

constexpr std::string_view kGroupSeparator = "::";
// Stands for the checks whose series did not fit into an agent's table.
constexpr std::string_view kOverflowCheck = "(checks beyond the limit of series)";

std::map<std::string, double> ValuesOf(const MetricDef& metric, const Sink& sink,
                                       const std::vector<Statistic>& trend_stats, Nanos duration) {
  using Kind = Statistic::Kind;
  const auto compute = [&](Kind kind) {
    return Compute({kind, 0, {}}, sink, metric.contains, duration);
  };
  std::map<std::string, double> values;
  switch (metric.type) {
    case MetricType::kCounter:
      return {{"count", compute(Kind::kCount)}, {"rate", compute(Kind::kRate)}};
    case MetricType::kGauge:
      return {{"value", compute(Kind::kValue)},
              {"min", compute(Kind::kMin)},
              {"max", compute(Kind::kMax)}};
    case MetricType::kRate: {
      const auto& rate = std::get<RateSink>(sink);
      return {{"rate", rate.rate()},
              {"passes", static_cast<double>(rate.nonzero)},
              {"fails", static_cast<double>(rate.total - rate.nonzero)}};
    }
    case MetricType::kTrend:
      for (const Statistic& statistic : trend_stats) {
        values[statistic.text] = Compute(statistic, sink, metric.contains, duration);
      }
      return values;
  }
  return values;
}

// A metric or a part of it that gets a row, with its thresholds.
struct Row {
  MetricDef metric;
  Selector selector;
  std::string name;
  std::vector<ThresholdResult> thresholds;
};

class RowCollector {
 public:
  // Adds a row unless the selector has one.
  Row& At(const MetricDef& metric, const Selector& selector, std::string name) {
    for (Row& row : rows_) {
      if (row.selector == selector) return row;
    }
    return rows_.emplace_back(Row{metric, selector, std::move(name), {}});
  }

  // By metric, each metric's parts behind it by name.
  std::vector<Row> TakeSorted() {
    const auto place = [](const Row& row) {
      return std::tuple(std::string_view(row.metric.name), !row.selector.tags.empty(),
                        std::string_view(row.name));
    };
    std::stable_sort(rows_.begin(), rows_.end(),
                     [&](const Row& a, const Row& b) { return place(a) < place(b); });
    return std::move(rows_);
  }

 private:
  std::vector<Row> rows_;
};

bool HasTag(const ClusterSeries& series, const Selector& selector) {
  return std::any_of(series.series().begin(), series.series().end(),
                     [&](const ClusterSeries::Series& one) {
                       return one.key->metric.name == selector.metric &&
                              FindTag(one.key->tags, selector.tags.front().first) != nullptr;
                     });
}

// The group at `path`, made under `root` when there is none.
GroupSummary& GroupAt(GroupSummary& root, std::string_view path) {
  GroupSummary* group = &root;
  size_t from = 0;
  while (from < path.size()) {
    if (path.substr(from, kGroupSeparator.size()) == kGroupSeparator)
      from += kGroupSeparator.size();
    const size_t end = std::min(path.find(kGroupSeparator, from), path.size());
    const std::string_view name = path.substr(from, end - from);
    auto child = std::find_if(group->groups.begin(), group->groups.end(),
                              [&](const GroupSummary& known) { return known.name == name; });
    if (child == group->groups.end()) {
      GroupSummary made;
      made.name = name;
      made.path = path.substr(0, end);
      child = group->groups.insert(child, std::move(made));
    }
    group = &*child;
    from = end;
  }
  return *group;
}

CheckSummary& CheckIn(GroupSummary& group, std::string_view name) {
  for (CheckSummary& check : group.checks) {
    if (check.name == name) return check;
  }
  CheckSummary& made = group.checks.emplace_back();
  made.name = name;
  made.path = group.path + std::string(kGroupSeparator) + made.name;
  return made;
}

std::vector<Statistic> ParseStatistics(const std::vector<std::string>& words) {
  std::vector<Statistic> statistics;
  for (const std::string& word : words) {
    if (absl::StatusOr<Statistic> parsed = ParseStatistic(word); parsed.ok()) {
      parsed->text = word;
      statistics.push_back(*std::move(parsed));
    }
  }
  return statistics;
}

// Adds the series to the tree if it tells of a check or of a group that was run.
void AddToTree(const ClusterSeries::Series& one, GroupSummary& root) {
  const bool is_check = one.key->metric.name == "checks";
  if (!is_check && one.key->metric.name != "group_duration") return;
  const std::string* path = FindTag(one.key->tags, "group");
  GroupSummary& group = path == nullptr ? root : GroupAt(root, *path);
  if (!is_check) return;
  const std::string* name = FindTag(one.key->tags, "check");
  if (name == nullptr && FindTag(one.key->tags, "kload_overflow") == nullptr) return;
  CheckSummary& check = CheckIn(group, name != nullptr ? *name : kOverflowCheck);
  const auto& rate = std::get<RateSink>(one.sink);
  check.passes += rate.nonzero;
  check.fails += rate.total - rate.nonzero;
}

// The metrics of a part of the run: a group's or a scenario's.
class Part {
 public:
  void Add(const ClusterSeries::Series& one) {
    Merge(one.key->metric, {one.key->metric.name, {}}, one.sink);
    const Selector expected = ExpectedResponses();
    if (one.key->metric.name == expected.metric && Matches(expected, one.key->tags)) {
      Merge(one.key->metric, expected, one.sink);
    }
  }

  std::vector<MetricSummary> Summarize(const std::vector<Statistic>& statistics,
                                       Nanos duration) const {
    std::vector<MetricSummary> summaries;
    for (const auto& [name, row] : rows_) {
      MetricSummary& summary = summaries.emplace_back();
      summary.name = name;
      if (name != row.metric.name) summary.parent = row.metric.name;
      summary.type = row.metric.type;
      summary.contains = row.metric.contains;
      summary.values = ValuesOf(row.metric, row.sink, statistics, duration);
    }
    return summaries;
  }

 private:
  struct Total {
    MetricDef metric;
    Sink sink;
  };
  void Merge(const MetricDef& metric, const Selector& selector, const Sink& sink) {
    const auto [row, added] = rows_.try_emplace(ToString(selector), Total{metric, sink});
    if (!added) MergeSink(row->second.sink, sink);
  }
  std::map<std::string, Total> rows_;  // by name
};

void FillGroups(const std::map<std::string, Part>& parts, const std::vector<Statistic>& statistics,
                Nanos duration, GroupSummary& parent) {
  for (GroupSummary& group : parent.groups) {
    const auto part = parts.find(group.path);
    if (part != parts.end()) group.metrics = part->second.Summarize(statistics, duration);
    FillGroups(parts, statistics, duration, group);
  }
}

// Metrics whose tags stand for metrics of their own, or that are asked for by endpoint, where vusers ran.
struct Breakdown {
  std::string_view metric;
  std::vector<std::string_view> tags;
};
const std::array<Breakdown, 5>& Breakdowns() {
  static const std::array<Breakdown, 5> breakdowns = {{
      {"artillery_counter", {"metric"}},
      {"artillery_histogram", {"metric"}},
      {"artillery_rate", {"metric"}},
      {"http_req_duration", {"name"}},
      {"http_reqs", {"name", "status"}},
  }};
  return breakdowns;
}

// The series' part of its metric that gets a row, if there is one.
std::optional<Selector> PartOf(const ClusterSeries::Series& one) {
  for (const Breakdown& breakdown : Breakdowns()) {
    if (one.key->metric.name != breakdown.metric) continue;
    Selector selector{one.key->metric.name, {}};
    for (const std::string_view tag : breakdown.tags) {
      const std::string* value = FindTag(one.key->tags, tag);
      if (value == nullptr) return std::nullopt;
      selector.tags.emplace_back(tag, *value);
    }
    return selector;
  }
  return std::nullopt;
}

// A row for each part of an Artillery test's metrics. Bound: 1,000; a test whose names grow without end would have
// summaries that nobody can read.
void AddBreakdowns(const ClusterSeries& series, RowCollector& collector) {
  constexpr size_t kRowsMax = 1000;
  if (series.Total("vusers_created") == nullptr) return;
  std::set<std::string> names;
  for (const ClusterSeries::Series& one : series.series()) {
    const std::optional<Selector> part = PartOf(one);
    if (!part || names.size() >= kRowsMax || !names.insert(ToString(*part)).second) continue;
    collector.At(one.key->metric, *part, ToString(*part));
  }
}

}  // namespace

std::vector<MetricSummary> SummarizeMetrics(const ClusterSeries& series, const Verdict& verdict,
                                            const std::vector<std::string>& trend_stats,
                                            Nanos duration) {
  const std::vector<Statistic> statistics = ParseStatistics(trend_stats);
  RowCollector collector;
  for (const ClusterSeries::Metric& metric : series.metrics()) {
    collector.At(metric.def, {metric.def.name, {}}, metric.def.name);
    const Selector expected = ExpectedResponses();
    if (metric.def.name == expected.metric && HasTag(series, expected)) {
      collector.At(metric.def, expected, ToString(expected));
    }
  }
  AddBreakdowns(series, collector);
  for (const Outcome& outcome : verdict.outcomes()) {
    const Threshold& threshold = outcome.threshold;
    // Also the metric itself where nothing of it was measured: k6 shows it beside its part.
    collector.At(threshold.metric, {threshold.metric.name, {}}, threshold.metric.name);
    collector.At(threshold.metric, threshold.selector, threshold.spec.selector)
        .thresholds.push_back(outcome.result);
  }

  std::vector<MetricSummary> summaries;
  for (Row& row : collector.TakeSorted()) {
    const Sink* found = series.Find(row.selector);
    const Sink merged = found == nullptr && series.Total(row.metric.name) != nullptr
                            ? series.Aggregate(row.selector)
                            : MakeSink(row.metric.type);
    MetricSummary& summary = summaries.emplace_back();
    summary.name = std::move(row.name);
    if (!row.selector.tags.empty()) summary.parent = row.metric.name;
    summary.type = row.metric.type;
    summary.contains = row.metric.contains;
    summary.values = ValuesOf(row.metric, found != nullptr ? *found : merged, statistics, duration);
    summary.thresholds = std::move(row.thresholds);
  }
  return summaries;
}

GroupSummary SummarizeChecks(const ClusterSeries& series) {
  GroupSummary root;
  for (const ClusterSeries::Series& one : series.series()) AddToTree(one, root);
  return root;
}

void SummarizeParts(const ClusterSeries& series, const std::vector<std::string>& trend_stats,
                    Nanos duration, RunSummary& summary) {
  std::map<std::string, Part> groups;
  std::map<std::string, std::pair<Part, GroupSummary>> scenarios;
  for (const ClusterSeries::Series& one : series.series()) {
    const std::string* group = FindTag(one.key->tags, "group");
    if (group != nullptr && !group->empty()) groups[*group].Add(one);
    const std::string* scenario = FindTag(one.key->tags, "scenario");
    if (scenario == nullptr) continue;
    auto& [part, checks] = scenarios[*scenario];
    part.Add(one);
    AddToTree(one, checks);
  }
  const std::vector<Statistic> statistics = ParseStatistics(trend_stats);
  FillGroups(groups, statistics, duration, summary.root_group);
  for (auto& [name, scenario] : scenarios) {
    GroupSummary& filled = summary.scenarios.emplace_back(std::move(scenario.second));
    filled.name = name;
    filled.metrics = scenario.first.Summarize(statistics, duration);
  }
}

}  // namespace kload::controller
