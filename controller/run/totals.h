// A run's merged series as a message: what a result keeps beyond its summary.
//
// Data path: ClusterSeries -> GetRunResponse (definitions, totals) -> history -> common/result.
// Thread:    pure function of the core thread's data.
#pragma once

#include <functional>
#include <string>

#include "controller/merge/cluster_series.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

// Endpoints beyond that many are put together under the name kOtherEndpoints.
inline constexpr size_t kEndpointsMax = 1000;
inline constexpr const char* kOtherEndpoints = "(others)";

// Adds every metric whole (no tags) and, by `method` and `name`: http_req_duration, http_req_failed, and http_reqs also by
// `status` and `error_code`. Series whose samples lack these tags are in the whole alone. Ids count from 1. `shown` makes of an
// endpoint's name what may be kept of it: a URL can have a secret in it.
using ShownName = std::function<std::string(const std::string&)>;
void AddTotals(const ClusterSeries& series, const ShownName& shown, v1::GetRunResponse& response);

}  // namespace kload::controller
