// The pages of one target so far, as far back as expressions look: by series, with the times at which they were asked for.
//
// Data path: ParseExposition() -> Add() -> Expression::Evaluate().
// Thread:    a plain value, owned by whoever holds it.
// Bounds:    points older than `window` are dropped, and of more than kPointsMax, or with kBytesMax of labels, the oldest; a series
//            without points goes.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/watch/exposition.h"

namespace kload::watch {

struct TimedValue {
  Nanos at{0};  // steady time
  double value = 0;
};

// Of one metric: by labels, the values by time; never without any.
using SeriesPasts = std::map<Labels, std::deque<TimedValue>>;

class History {
 public:
  static constexpr size_t kPointsMax = 1'000'000;
  static constexpr size_t kBytesMax = 64 * 1024 * 1024;

  // `window`: how far back the expressions look. `points_max`: for tests.
  explicit History(Nanos window, size_t points_max = kPointsMax);

  // A page that was asked for at `at`, later than all before. Of a series that is on it twice the last line counts.
  void Add(Nanos at, const std::vector<ExposedSample>& samples);

  // All series of the name; null: none within the window.
  const SeriesPasts* Find(const std::string& name) const;
  // The latest page's time.
  Nanos latest() const { return latest_; }
  // Whether points within the window had to be dropped.
  bool shortened() const { return shortened_; }

 private:
  void DropBefore(Nanos time);

  const Nanos window_;
  const size_t points_max_;
  std::map<std::string, SeriesPasts> series_;
  Nanos latest_{0};
  size_t points_ = 0;
  size_t bytes_ = 0;  // of the series' labels
  bool shortened_ = false;
};

}  // namespace kload::watch
