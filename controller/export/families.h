// Figures -> metric families of Prometheus, with the names that k6's own output gives them.
//
// Data path: ClusterFigures -> families -> text exposition.
// Thread:    pure functions.
// Units:     time is in seconds here (Prometheus' base unit); in ClusterSeries it is in ms.
// Names:     counter X: k6_X_total. gauge X: k6_X. rate X: k6_X_rate, 0 to 1. trend X: k6_X_avg, _min, _max, _med,
//            _p50, _p90, _p95, _p99, with k6_X_sum and k6_X_count; a trend of time also k6_X_seconds, a histogram
//            that Prometheus can add up over series and windows, which it cannot do with percentiles.
// Labels:    a series' tags that are not empty, and testid: the run's id unless the script has such a tag.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/export/figures.h"

namespace kload::controller {

// The most lines that the series of all runs may take. Series beyond it are left out, the later ones of each run
// first, and counted (kload_export_series_left_out).
inline constexpr size_t kExportedSamplesMax = 200'000;

using Families = std::vector<prometheus::MetricFamily>;

// Everything that /metrics shows.
Families CollectFamilies(const ClusterFigures& figures, size_t samples_max = kExportedSamplesMax);

// The cluster's own metrics, kload_*.
Families CollectClusterFamilies(const ClusterFigures& figures);

struct RunFamilies {
  Families families;
  uint64_t left_out = 0;  // series that found no room, or whose metric's name another metric has
};
// What the scripts measured, k6_*.
RunFamilies CollectRunFamilies(const std::vector<RunFigures>& runs, size_t samples_max);

// A tag's name as a label's: other characters become '_', a name that Prometheus reserves gets the prefix tag_.
std::string LabelName(std::string_view tag);

// Upper edges of a time trend's histogram, in seconds: 2^(k/4) from 0.24 ms to 64 s. They are edges of our own
// buckets, so that the counts are exact.
const std::vector<double>& HistogramEdges();

}  // namespace kload::controller
