// Answers that are the same for everybody, kept for a while: what an API server has a Redis for.
//
// Thread: any; io threads share it, so it has a lock, held for a look into a map.
// Bound:  kEntriesMax; when it is full, everything goes.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "tests/target/routes.h"

namespace kload::target {

class Cache {
 public:
  static constexpr size_t kEntriesMax = 1000;

  // `keep`: how long an answer is fresh; 0: nothing is kept, and nobody need ask.
  explicit Cache(Nanos keep) : keep_(keep) {}

  bool on() const { return keep_ > Nanos(0); }
  // The fresh answer to this path with query. `now`: steady time.
  std::optional<ApiAnswer> Find(const std::string& target, Nanos now) const;
  void Put(const std::string& target, const ApiAnswer& answer, Nanos now);

 private:
  struct Entry {
    ApiAnswer answer;
    Nanos until{0};
  };
  const Nanos keep_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace kload::target
