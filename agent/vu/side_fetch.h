// One request that goes on beside its VU's script: of http.batch() or http.asyncRequest().
//
// Data path: VuHost::BeginFetch() -> SideFetch -> HttpClient -> VuHost.
// Thread:    the VU's worker's. Destroyed only when done().
// Bound:     see SideSlots, of which each has one as long as it lives.
// Cost:      a fiber (a stack of kStackBytes, mapped and unmapped) and a client for each; a plain http.get() needs none.
#pragma once

#include <cstdint>
#include <functional>

#include "agent/fiber/fiber.h"
#include "agent/http/client.h"
#include "agent/record/recorder.h"
#include "agent/vu/side_slots.h"
#include "common/http/message.h"
#include "common/metric/delta.h"

namespace kload::agent {

class SideFetch {
 public:
  // No script runs here: enough for TLS handshakes and the parsers.
  static constexpr size_t kStackBytes = 128 * 1024;

  struct Order {
    uint64_t ticket = 0;
    const http::Request& request;  // both outlive this
    const Tags& tags;
    const Recorder::Scope* scope;  // where the script was when it asked
  };

  // Uses the connections of `owner`, and one of `slots` that was taken for it; both outlive this. `on_end` is called inside of the fiber, when the response is there.
  SideFetch(HttpShared& shared, HttpClient& owner, SideSlots& slots, const Order& order,
            std::function<void(SideFetch&)> on_end);
  ~SideFetch() { slots_.Give(); }
  SideFetch(const SideFetch&) = delete;
  SideFetch& operator=(const SideFetch&) = delete;

  void Begin() { fiber_.Resume(); }
  // Ends it soon, its last hop `interrupted`.
  void Cancel() { client_.Cancel(); }
  bool done() const { return fiber_.done(); }

  const Order& order() const { return order_; }
  http::Response& response() { return response_; }

 private:
  SideSlots& slots_;
  const Order order_;
  HttpClient client_;
  http::Response response_;
  Fiber fiber_;
};

}  // namespace kload::agent
