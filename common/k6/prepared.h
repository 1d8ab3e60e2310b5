// A request of a script, ready to go out.
//
// Thread: plain value.
#pragma once

#include "common/http/exchange.h"
#include "common/metric/delta.h"

namespace kload::k6 {

struct Prepared {
  http::ExchangePtr exchange = http::NewExchange();  // never null, but for what has been moved from
  Tags tags;
  bool throw_on_error = false;
  // Why nothing may be sent: an argument is wrong. An exception is pending then, which says it.
  bool refused = false;
  int refused_code = 0;  // error_code of a response in its place

  http::Request& request() const { return exchange->request; }
  http::Response& response() const { return exchange->response; }
};

}  // namespace kload::k6
