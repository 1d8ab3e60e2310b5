// Small series for the link's tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/metric/delta.h"

namespace kload::agent {

inline SeriesKeyPtr CounterKey(const std::string& name, Tags tags = {}) {
  return std::make_shared<const SeriesKey>(
      SeriesKey{{name, MetricType::kCounter, ValueKind::kDefault}, std::move(tags)});
}

// A counter's increment, under a key of its own.
inline SeriesDelta Counted(const std::string& name, double value, Tags tags = {}) {
  CounterSink sink;
  sink.Add(value);
  return {CounterKey(name, std::move(tags)), sink};
}

// Sums of counters by metric name.
inline std::map<std::string, double> Totals(const std::vector<SeriesDelta>& series) {
  std::map<std::string, double> totals;
  for (const SeriesDelta& each : series) {
    totals[each.key->metric.name] += std::get<CounterSink>(each.increment).sum.value();
  }
  return totals;
}

}  // namespace kload::agent
