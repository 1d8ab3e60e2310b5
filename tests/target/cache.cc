#include "tests/target/cache.h"

namespace kload::target {

std::optional<ApiAnswer> Cache::Find(const std::string& target, Nanos now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(target);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  return found->second.answer;
}

void Cache::Put(const std::string& target, const ApiAnswer& answer, Nanos now) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() == kEntriesMax) entries_.clear();
  entries_[target] = {answer, now + keep_};
}

}  // namespace kload::target
