// One agent of a run, and what it has told so far.
//
// Thread: a plain value of one run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/plan/slice.h"
#include "controller/run/run_event.h"
#include "controller/verdict/soundness.h"

namespace kload::controller {

struct Member {
  AgentId id;
  Slice slice;  // that it prepares; what it runs is the Deal's to say
  bool prepared = false;
  bool final = false;  // it has no load any more, and nothing that it was given is yet to begin
  bool lost = false;
  bool returned = false;    // lost, and here again to hand over what it has measured
  Nanos returned_at{0};     // steady time
  bool hands_over = false;  // its part goes to others once its last delta is here, or it is gone
  bool left = false;        // it is heard of, but its part went to others for good
  bool drained =
      false;  // it has given up its part for a smaller number of agents, and may be asked again
  Nanos lost_at{0};     // run time, also when it left
  Nanos lost_until{0};  // run time from which its part was run by others; 0: it was not
  std::string lost_why;
  Nanos joined_at{0};       // run time; 0: from the start
  std::string quarantined;  // why nothing that it sends counts any more; empty: it does

  // What it was told of changes of hands, to be repeated when it may have missed it.
  std::vector<std::variant<SendAdopt, SendCede>> orders;
  bool ended_early = false;  // its last delta was final, but ended before adopts_from
  Nanos adopts_from{0};      // run time at which the last part that it was given begins

  uint64_t deltas = 0;
  uint64_t deltas_late = 0;  // that came after it was lost
  Nanos reported_until{0};   // run time of the last one's end
  uint64_t requests = 0;
  uint64_t interrupted_requests = 0;
  double cpu_ratio_max = 0;
  Nanos loop_lag_max{0};
  uint64_t samples_overflowed = 0;
  int64_t vus_active = 0;
  int64_t vus_initialized = 0;
  std::map<std::string, ScenarioProgress> scenarios;  // by name
  GeneratorWatch watch;

  // Whether it has a part of the load, or may be given one.
  bool carries() const { return prepared && !lost && !left && !drained; }
  // Whether the end of the load waits for its word.
  bool awaited() const { return !final && (lost ? returned : prepared); }
  // Whether orders reach it.
  bool reachable() const { return !lost || returned; }

  // Adds what the delta says about the agent itself.
  void Take(const Delta& delta);
};

}  // namespace kload::controller
