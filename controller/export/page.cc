#include "controller/export/page.h"

#include <prometheus/text_serializer.h>

#include <utility>

#include "controller/export/families.h"

namespace kload::controller {

struct Page::Snapshot {
  Families families;
  Nanos at;
};

void Page::Publish(const ClusterFigures& figures, Nanos now) {
  std::shared_ptr<const Snapshot> snapshot =
      std::make_shared<Snapshot>(Snapshot{CollectFamilies(figures), now});
  {
    const std::lock_guard lock(mutex_);
    latest_.swap(snapshot);
  }
  // The old one, which may be large, is freed here, out of the lock.
}

std::shared_ptr<const Page::Snapshot> Page::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

std::string Page::Render() const {
  const std::shared_ptr<const Snapshot> snapshot = Latest();
  return snapshot == nullptr ? "" : prometheus::TextSerializer().Serialize(snapshot->families);
}

std::optional<Nanos> Page::published() const {
  const std::shared_ptr<const Snapshot> snapshot = Latest();
  return snapshot == nullptr ? std::nullopt : std::optional<Nanos>(snapshot->at);
}

}  // namespace kload::controller
