// What K6_PROMETHEUS_RW_* and the argument of --out prometheus say, for the controller that pushes.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>

#include "kload/v1/control.pb.h"

namespace kload::kctl {

// Settings of all remote writes but the URL, which is that of K6_PROMETHEUS_RW_SERVER_URL or k6's default.
// Errors: InvalidArgument naming the variable, also for those of k6 that kload does not have.
absl::StatusOr<v1::PrometheusWrite> PrometheusFromEnvironment(
    const std::map<std::string, std::string>& environment);

// The remote-write URL that `prometheus=HOST:PORT` or `prometheus=URL` means: /api/v1/write, unless the URL has a path.
std::string RemoteWriteUrl(const std::string& argument);

// Errors: InvalidArgument for what is not http:// or https:// with a host.
absl::Status CheckUrl(const std::string& url);

}  // namespace kload::kctl
