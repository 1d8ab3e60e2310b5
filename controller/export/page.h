// The page that /metrics answers with: the figures of the last publication, kept until the next one.
//
// Data path: core -> Page::Publish() -> immutable families -> Page::Render() -> HTTP.
// Thread:    Publish() on the core thread, the others on any. The mutex guards one pointer for as long as it takes to
//            copy it; what it points to is never changed.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "controller/export/figures.h"

namespace kload::controller {

class Page {
 public:
  // `now` is steady time.
  void Publish(const ClusterFigures& figures, Nanos now);
  // Text exposition format 0.0.4; empty before the first publication.
  std::string Render() const;
  // When it was last published; nothing before.
  std::optional<Nanos> published() const;

 private:
  struct Snapshot;
  std::shared_ptr<const Snapshot> Latest() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> latest_;  // shared with who renders it at the moment
};

}  // namespace kload::controller
