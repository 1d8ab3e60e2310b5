// The HELP line of each metric of k6.
//
// Thread: pure functions.
#pragma once

#include <string>

#include "common/metric/metric.h"

namespace kload::controller {

// One sentence without its full stop: `Requests sent`. A script's own metric is said to be one.
std::string DescribeMetric(const MetricDef& metric);

}  // namespace kload::controller
