// One target as a run watches it: pages in, values of its expressions out.
//
// Data path: page (TargetReader) -> WatchedTarget::Take() -> Reading -> RunWatch (core).
// Thread:    by turns: the core's when a read is asked for, the reader's while it is at work. There is one read of a target at
//            a time and it is handed over through queues, so that nothing here is touched by two.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/watch/history.h"
#include "controller/watch/watch_spec.h"

namespace kload::watch {

// What one look at the target has come to.
struct Reading {
  Nanos at{0};        // steady time
  absl::Status page;  // why there is none; for people, without the URL
  // By metric of the spec, empty without a page. Errors as of Expression::Evaluate().
  std::vector<absl::StatusOr<double>> values;
  bool shortened = false;  // see History
};

class WatchedTarget {
 public:
  explicit WatchedTarget(std::shared_ptr<const WatchSpec> spec);

  const std::string& url() const { return spec_->url; }
  // `at`: when the page was asked for; rising. `page`: its text, or why there is none.
  Reading Take(Nanos at, const absl::StatusOr<std::string>& page);

 private:
  const std::shared_ptr<const WatchSpec> spec_;
  std::set<std::string, std::less<>> wanted_;  // metrics of all expressions
  History history_;
};

}  // namespace kload::watch
