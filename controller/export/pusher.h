// Sends remote writes to Prometheus, one after the other.
//
// Data path: RenderWrite() (core) -> Push() -> HTTP POST -> Prometheus.
// Thread:    one of its own; Push() and Shutdown() may be called by any.
// Bound:     kTimeout per request; who pushes waits for the answer before it pushes to the same place again, so that
//            what waits here is at most a few requests per run.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/export/remote_write.h"

namespace kload::controller {

class Pusher {
 public:
  static constexpr Nanos kTimeout = std::chrono::seconds(5);  // k6's

  // Called on the pusher's thread.
  using Done = std::function<void(absl::Status)>;

  explicit Pusher(std::string user_agent);
  // As Shutdown().
  ~Pusher();

  // Posts the bodies in order until one fails. `done` is called once, unless the pusher is shut down before.
  // Errors: Unavailable with what the other side, or the network, says; without the URL.
  void Push(std::shared_ptr<const RemoteWriteSettings> settings, std::vector<std::string> bodies,
            Done done);
  // Forgets what waits, ends after the request at work and joins the thread. Idempotent.
  void Shutdown();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
