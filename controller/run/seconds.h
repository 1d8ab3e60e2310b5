// A run's figures second by second, over the whole cluster: what its history keeps.
//
// Data path: deltas of all agents -> Seconds -> SecondFigures -> history.
// Thread:    a plain value of one run.
// Rule:      what a delta brings belongs to the second in which its interval ends; when that one is closed already, to the
//            oldest that is open. So the sums over all seconds are the run's totals.
// Bound:     seconds are closed when all agents have reported them, or kOpenMax later ones are open.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/metric/sink.h"

namespace kload::controller {

struct SecondFigures {
  Nanos at{0};  // run time of its end
  int64_t vus = 0;
  uint64_t iterations = 0;
  uint64_t iterations_dropped = 0;
  uint64_t requests = 0;
  uint64_t requests_failed = 0;
  // Of http_req_duration, in ms; 0 without samples.
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double bytes_sent = 0;
  double bytes_received = 0;
  // Samples of http_req_duration by coarse bucket; see kload.v1.SeriesPoint.
  std::vector<uint64_t> heat;
};

class Seconds {
 public:
  static constexpr size_t kOpenMax = 30;

  // What setup() and teardown() measure counts in the seconds around them.
  void Add(const Delta& delta);
  // All agents have reported the instant; the cluster had that many VUs then.
  void SetVus(Nanos at, int64_t active);
  // Seconds that were closed since the last call, by time.
  std::vector<SecondFigures> TakeClosed();
  // All that is left, at the run's end.
  std::vector<SecondFigures> TakeAll();

 private:
  struct Open {
    int64_t vus = 0;
    double iterations = 0;
    double dropped = 0;
    double requests = 0;
    uint64_t failed = 0;
    double sent = 0;
    double received = 0;
    TrendSink duration;
  };

  Open& At(int64_t second);
  static void Take(const SeriesDelta& series, Open& open);
  static SecondFigures FiguresOf(int64_t second, const Open& open);

  std::map<int64_t, Open> open_;  // by the number of the second that ends it
  int64_t closed_ = 0;            // seconds up to this one
  int64_t reported_ = 0;          // by all agents
};

}  // namespace kload::controller
