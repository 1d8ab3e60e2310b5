#include "controller/export/rows.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "controller/export/families.h"

namespace kload::controller {
namespace {

using prometheus::ClientMetric;

Labels LabelsOf(const Tags& tags, const std::string& run_id) {
  Labels labels;
  bool has_testid = false;
  for (const auto& [name, value] : tags) {
    if (value.empty()) continue;
    std::string label = LabelName(name);
    const bool taken = std::any_of(labels.begin(), labels.end(),
                                   [&](const auto& other) { return other.name == label; });
    if (taken) continue;
    has_testid = has_testid || label == "testid";
    labels.push_back({std::move(label), value});
  }
  if (!has_testid) labels.push_back({"testid", run_id});
  return labels;
}

std::string KeyOf(const std::string& metric, const Labels& labels) {
  std::string key = metric;
  for (const ClientMetric::Label& label : labels) {
    key.append(1, '\0').append(label.name).append(1, '\0').append(label.value);
  }
  return key;
}

}  // namespace

std::deque<Row> RowsOf(const std::vector<RunFigures>& runs, size_t samples_max,
                       const std::function<size_t(const MetricDef&)>& samples_of,
                       uint64_t& left_out) {
  std::deque<Row> rows;
  std::unordered_map<std::string, size_t> positions;
  size_t samples = 0;
  for (const RunFigures& run : runs) {
    if (run.series == nullptr) continue;
    for (const ClusterSeries::Series& series : run.series->series()) {
      const MetricDef& metric = series.key->metric;
      Row row{&metric, LabelsOf(series.key->tags, run.id), &series.sink, {}};
      const std::string key = KeyOf(metric.name, row.labels);
      if (const auto known = positions.find(key); known != positions.end()) {
        Row& other = rows[known->second];
        if (TypeOf(*other.sink) != metric.type) {
          ++left_out;
          continue;
        }
        if (!other.merged) other.merged = *other.sink;
        MergeSink(*other.merged, series.sink);
        continue;
      }
      samples += samples_of(metric);
      if (samples > samples_max) {
        samples -= samples_of(metric);
        ++left_out;
        continue;
      }
      positions.emplace(key, rows.size());
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace kload::controller
