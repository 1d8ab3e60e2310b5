// Reads targets' pages over HTTP, those of all runs beside each other.
//
// Data path: RunWatch -> Read() -> HTTP GET -> WatchedTarget::Take() -> Done.
// Thread:    one of its own, where pages are parsed and expressions evaluated, too; Read() and Shutdown() by any thread.
// Bounds:    kTimeout and kPageBytesMax per page; who reads waits for the answer before it reads the same target again, so that
//            at work here is one request per run at most. No redirects, no proxy, nothing but http and https.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "controller/watch/watched_target.h"

namespace kload::watch {

class TargetReader {
 public:
  static constexpr Nanos kTimeout = std::chrono::seconds(5);

  // Called on the reader's thread.
  using Done = std::function<void(Reading)>;

  // `clock` must outlive it.
  TargetReader(std::string user_agent, const Clock& clock);
  // As Shutdown().
  ~TargetReader();

  // `done` is called once, unless the reader is shut down before. Nobody else touches the target until then. A reading's time is
  // that in the middle of the request.
  void Read(std::shared_ptr<WatchedTarget> target, Done done);
  // Gives up what waits and what is at work, and joins the thread. Idempotent.
  void Shutdown();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::watch
