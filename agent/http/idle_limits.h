// How many open connections wait for their next request.
#pragma once

#include <cstddef>

namespace kload::agent {

// Of one VU, at least one each: `batch` and `batchPerHost` of k6.
struct IdleLimits {
  size_t all = 20;
  size_t per_host = 6;
};

}  // namespace kload::agent
