// setTimeout and setInterval of one script instance: a small queue by due time, run when the script's own code has
// returned.
//
// Thread: that of the instance.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/js/value.h"

namespace kload::k6 {

struct Realm;

struct Timer {
  int64_t id = 0;      // rises, so that equal due times run in order
  Nanos due{0};        // script time
  Nanos interval{-1};  // below 0: once
  js::Value callback;
  std::vector<js::Value> args;
};

class Timers {
 public:
  // Bound: 10,000 waiting timers; false beyond.
  bool Add(Timer timer);
  // Also of the timer that was taken last: taken_cancelled() tells then.
  void Cancel(int64_t id);
  bool empty() const { return waiting_.empty(); }
  Nanos next_due() const { return waiting_.front().due; }  // not when empty()
  // Takes out the timer that is due next. Not when empty().
  Timer TakeNext();
  // Whether the timer that was taken last has been cancelled since: an interval must not come again.
  bool taken_cancelled() const { return taken_cancelled_; }
  int64_t NewId() { return ++last_id_; }
  void Clear() { waiting_.clear(); }

 private:
  std::vector<Timer> waiting_;  // by due time, then id
  int64_t last_id_ = 0;
  int64_t taken_id_ = 0;
  bool taken_cancelled_ = false;
};

// Defines setTimeout, setInterval, clearTimeout, clearInterval.
void InstallTimers(Realm& realm);

}  // namespace kload::k6
