// A run's series for the tests of what is pushed.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "controller/export/figures.h"

namespace kload::controller {

inline SeriesDelta Series(MetricDef metric, Tags tags, Sink sink) {
  return {std::make_shared<const SeriesKey>(SeriesKey{std::move(metric), std::move(tags)}),
          std::move(sink)};
}

inline SeriesDelta Counter(const std::string& name, Tags tags, double value) {
  CounterSink sink;
  sink.Add(value);
  return Series({name, MetricType::kCounter, ValueKind::kDefault}, std::move(tags), sink);
}

inline SeriesDelta Trend(const std::string& name, ValueKind kind, Tags tags,
                         const std::vector<double>& values) {
  TrendSink sink;
  for (const double value : values) sink.Add(value, kind);
  return Series({name, MetricType::kTrend, kind}, std::move(tags), std::move(sink));
}

inline ClusterSeries Merged(std::vector<SeriesDelta> series) {
  ClusterSeries merged;
  Delta delta;
  delta.series = std::move(series);
  EXPECT_TRUE(merged.Add(delta).ok());
  return merged;
}

inline RunFigures FiguresWith(const ClusterSeries& series) {
  RunFigures run;
  run.id = "r1";
  run.series = &series;
  return run;
}

}  // namespace kload::controller
