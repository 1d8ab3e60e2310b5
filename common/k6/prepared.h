// A request of a script, ready to go out.
//
// Thread: plain value.
#pragma once

#include "common/http/message.h"
#include "common/metric/delta.h"

namespace kload::k6 {

struct Prepared {
  http::Request request;
  Tags tags;
  bool throw_on_error = false;
};

}  // namespace kload::k6
