// A run's series as a request of Prometheus' remote-write protocol, with the names that k6's own output gives them.
//
// Data path: RunFigures -> RenderWrite() -> Pusher -> Prometheus.
// Thread:    pure functions.
// Units:     times are in seconds, in ClusterSeries they are in ms.
// Names:     counter X: k6_X_total. gauge X: k6_X. rate X: k6_X_rate, 0 to 1. trend X: k6_X_<stat> for each stat that is
//            wanted, p(99.9) as p999; or, as a native histogram, k6_X_seconds, k6_X_bytes or k6_X.
// Values:    of the whole cluster since the run's start, percentiles as well: nothing has to be added up over agents.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/export/figures.h"

namespace kload::controller {

struct TrendStat {
  enum class Kind { kSum, kCount, kAvg, kMin, kMed, kMax, kPercentile };
  Kind kind = Kind::kPercentile;
  double p = 0.99;             // of a percentile, 0 to 1
  std::string suffix = "p99";  // of the series' name
};
// sum, count, avg, min, med, max, p(N) with N from 0 to 100. Errors: InvalidArgument naming them.
absl::StatusOr<TrendStat> ParseTrendStat(const std::string& text);

struct RemoteWriteSettings {
  std::string url;
  std::string username;  // basic authentication, when not empty
  std::string password;
  std::string bearer_token;  // when not empty
  std::map<std::string, std::string> headers;
  Nanos interval = std::chrono::seconds(5);
  std::vector<TrendStat> trend_stats;
  bool native_histograms = false;  // of trends, instead of their stats
  bool stale_markers = false;      // after the last push
  bool insecure_skip_tls_verify = false;
  std::string tls_minimum_version;  // 1.0 to 1.3; empty: 1.2
};

struct RenderedWrite {
  std::string body;       // compressed; empty when there is no series
  uint64_t left_out = 0;  // series beyond kExportedSamplesMax, or whose name another metric has
};

enum class WriteKind {
  kValues,
  kStaleMarkers,  // the same series, with the marker that ends them
};

// `unix_now`: the time of all samples.
RenderedWrite RenderWrite(const RunFigures& run, const RemoteWriteSettings& settings,
                          Nanos unix_now, WriteKind kind);

}  // namespace kload::controller
