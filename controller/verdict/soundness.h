// Did the generators keep up? A latency that a starved agent measured says more about the agent than about the target.
//
// Data path: AgentHealth (deltas) -> GeneratorWatch of each agent -> findings -> label of the result.
// Thread:    plain values of one run.
// Source:    README.md has the limits and why they are what they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/summary/summary.h"

namespace kload::controller {

class GeneratorWatch {
 public:
  // A core that is busy for more than this share of the time makes what runs on it wait for each other.
  static constexpr double kBusyShare = 0.9;
  static constexpr Nanos kBusyFor = std::chrono::seconds(5);
  // A timer as late as this is seen in percentiles; once in a while it is the machine's doing.
  static constexpr Nanos kLagging = std::chrono::milliseconds(100);
  static constexpr double kLaggingShare = 0.05;
  static constexpr double kLaggingInvalid = 0.5;
  static constexpr uint64_t kLaggingSeconds =
      3;  // in all; at once, whatever share of the run they are
  static constexpr Nanos kStalled = std::chrono::seconds(1);
  static constexpr double kThrottledShare = 0.1;
  // Of iterations that begin late although a VU was free, and of requests that failed for the agent's own lack.
  static constexpr double kLateShare = 0.01;
  static constexpr double kLateInvalid = 0.1;
  static constexpr double kErrorsInvalid = 0.01;

  // Takes what the agent said of itself in one delta.
  void Take(const Delta& delta);
  // What is wrong with an agent of that name that has sent so many requests and begun so many iterations.
  std::vector<Finding> Findings(const std::string& agent, uint64_t requests,
                                uint64_t iterations) const;
  const AgentHealth& last() const { return last_; }

 private:
  // A time in which something was wrong, from the first to the last of it.
  struct Trouble {
    Nanos from{0};
    Nanos to{0};
    Nanos length{0};  // of the deltas that had it
    double worst = 0;
    // `lasted`: up to the delta's end, when that may be longer than the delta. What was counted is not counted again.
    void Add(const Delta& delta, double value, Nanos lasted = Nanos(0));
  };

  AgentHealth last_;
  Nanos length_{0};
  Trouble busy_now_;  // a streak that may become worth a finding
  Trouble busy_;
  Trouble lagging_;
  Trouble stalled_;
  Trouble throttled_;
  Nanos last_end_{0};
};

// The worst label of the findings, which are put into order; trustworthy when there are none.
Soundness JudgeFindings(std::vector<Finding> findings);

}  // namespace kload::controller
