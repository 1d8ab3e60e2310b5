#include "controller/watch/watch_wire.h"

#include <chrono>
#include <map>

namespace kload::watch {

int64_t NumberOf(Nanos run_time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(run_time).count();
}

std::string EncodeHeader(const WatchSpec& spec, const std::vector<std::string>& problems) {
  v1::GetRunResponse row;
  for (size_t i = 0; i < spec.metrics.size(); ++i) {
    v1::WatchedSeries& series = *row.add_watched();
    series.set_name(spec.metrics[i].name);
    series.set_expression(spec.metrics[i].text);
    series.set_problem(problems[i]);
  }
  return row.SerializeAsString();
}

std::string EncodeReading(const WatchSpec& spec, Nanos run_time,
                          const std::vector<absl::StatusOr<double>>& values) {
  v1::GetRunResponse row;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].ok()) continue;
    v1::WatchedSeries& series = *row.add_watched();
    series.set_name(spec.metrics[i].name);
    v1::WatchedPoint& point = *series.add_points();
    point.set_at_ns(run_time.count());
    point.set_value(*values[i]);
  }
  return row.SerializeAsString();
}

bool AddWatched(const std::vector<std::string>& rows, v1::GetRunResponse& response) {
  bool read = true;
  std::map<std::string, v1::WatchedSeries*> by_name;
  for (const std::string& bytes : rows) {
    v1::GetRunResponse row;
    read = row.ParseFromString(bytes) && read;
    for (v1::WatchedSeries& each : *row.mutable_watched()) {
      v1::WatchedSeries*& series = by_name[each.name()];
      if (series == nullptr) {
        series = response.add_watched();
        series->set_name(each.name());
      }
      if (!each.expression().empty()) series->set_expression(each.expression());
      if (!each.problem().empty()) series->set_problem(each.problem());
      series->mutable_points()->Add(each.points().begin(), each.points().end());
    }
  }
  return read;
}

std::vector<std::string> ProblemsOf(const std::vector<std::string>& rows) {
  std::vector<std::string> problems;
  v1::GetRunResponse header;
  if (rows.empty() || !header.ParseFromString(rows.front())) return problems;
  for (const v1::WatchedSeries& each : header.watched()) problems.push_back(each.problem());
  return problems;
}

}  // namespace kload::watch
