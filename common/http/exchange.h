// A request with its response, in memory that is used again: a response object of a script lives for microseconds, and its
// texts would be allocated anew each time.
//
// Thread: an exchange goes back to the pool of the thread that lets go of it.
// Bound:  kKeptMax exchanges and as many lists of hops a thread, with at most kKeptBytesMax of every text and list.
#pragma once

#include <cstddef>
#include <memory>

#include "common/http/message.h"

namespace kload::http {

struct Exchange {
  static constexpr size_t kKeptMax = 64;
  static constexpr size_t kKeptBytesMax = 16 * 1024;

  Request request;
  Response response;
};

struct ExchangeRecycler {
  void operator()(Exchange* exchange) const;
};
using ExchangePtr = std::unique_ptr<Exchange, ExchangeRecycler>;

// Request and response as made anew.
ExchangePtr NewExchange();

// Once the hops are recorded: their memory serves the next exchange at once, while a script may keep the response for long.
void ReleaseHops(Response& response);

}  // namespace kload::http
