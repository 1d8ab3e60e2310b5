// A part of a metric's samples: those whose series carry all the given tag values.
#pragma once

#include <string>

#include "common/metric/delta.h"

namespace kload::controller {

// `http_req_duration{name:login}`; without tags it is the whole metric. A plain value.
struct Selector {
  std::string metric;
  Tags tags;  // sorted by name
  friend bool operator==(const Selector&, const Selector&) = default;
};

// Whether `tags` has every tag of the selector with that very value; an absent tag never matches.
bool Matches(const Selector& selector, const Tags& tags);

// In k6's spelling, `name{tag:value,tag2:value2}`.
std::string ToString(const Selector& selector);

}  // namespace kload::controller
