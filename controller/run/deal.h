// Who holds which part of the plan, and how it changes hands when agents are lost, join and leave.
//
// Data path: Run -> Deal -> Adopt and Cede orders -> agents.
// Thread:    a plain value of one run; no I/O, and equal calls give equal answers.
// Rule:      at any time the slices of all holders are the whole plan, and share nothing (see
//            common/plan/part.h). What is cut is cut into shares that have a VU each, so the number of
//            cuts is bounded by that of the VUs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/part.h"
#include "common/plan/plan.h"

namespace kload::controller {

// A slice that owns no VU of any plan: what an agent prepares that joins before it is dealt a part.
inline constexpr Slice kNoSlice{kSliceCountMax - 1, kSliceCountMax};

// Iterations by scenario, of those that have a fixed number of them.
using IterationCounts = std::map<std::string, int64_t>;

class Deal {
 public:
  struct Adoption {
    std::string holder;
    std::vector<Part> parts;
  };
  struct Cession {
    std::string holder;
    std::vector<Slice> slices;
  };
  // One change of hands, at the run time `from`.
  struct Shift {
    uint64_t epoch = 0;
    Nanos from{0};
    std::vector<Cession> cessions = {};
    std::vector<Adoption> adoptions = {};
    // Left iterations that nobody could be given: no one's part has VUs of that scenario.
    IterationCounts unassigned = {};
    bool empty() const { return cessions.empty() && adoptions.empty(); }
  };

  explicit Deal(const TestPlan& plan);

  // The first deal: equal slices in this order. Holders are named by anything that is unique within the run.
  void Begin(const std::vector<std::string>& holders);

  // Deals the holder's parts out to `survivors` (not empty, without it), who have theirs from `from` on, or from when
  // the lost one would have had them. `done`: iterations that it has reported, complete or interrupted; what is left of
  // its fixed numbers goes with the parts.
  Shift Lose(const std::string& holder, const std::vector<std::string>& survivors,
             const IterationCounts& done, Nanos from);
  // Gives a holder without parts as much as the others have, from `from` on. Fixed numbers of iterations stay
  // where they are: nobody knows what will be left of them by then.
  Shift Join(const std::string& holder, const std::vector<std::string>& others, Nanos from);
  // Takes the holder's parts away from it at `from`, for `others` (not empty, without it). Fixed numbers of iterations
  // stay with it until it is through with them.
  Shift Retire(const std::string& holder, const std::vector<std::string>& others, Nanos from);

  // Empty for a stranger, and for one whose parts went to others.
  const std::vector<Part>& PartsOf(const std::string& holder) const;
  // VUs of the plan within its parts.
  int64_t VusOf(const std::string& holder) const;
  // What it was given of the scenario's fixed number of iterations, so far; 0 for other scenarios.
  int64_t BudgetOf(const std::string& holder, const std::string& scenario) const;
  // Scenarios with a fixed number of iterations.
  bool has_budgets() const { return !fixed_.empty(); }
  uint64_t epoch() const { return epoch_; }

 private:
  // A scenario with a fixed number of iterations.
  struct Fixed {
    Scenario scenario;
    int64_t of_vus(Slice slice) const;
    int64_t iterations(Slice slice) const;
  };
  struct Holding {
    std::vector<Part> parts;
    IterationCounts budgets;
  };

  int64_t VusOf(Slice slice) const;
  // Cuts the parts for the takers, the least loaded first.
  std::vector<Adoption> Distribute(const std::vector<Part>& parts,
                                   const std::vector<std::string>& takers, Nanos from);
  // Takes parts with about so many VUs from the holder, cutting one if need be.
  std::vector<Part> Take(Holding& holding, int64_t vus);
  // Says in every adopted part what its VUs have of the fixed numbers, in all `left`; returns what could not be given.
  IterationCounts GiveBudgets(const IterationCounts& left, std::vector<Adoption>& adoptions);
  void Book(const std::vector<Adoption>& adoptions);

  int64_t total_vus_;
  std::vector<Fixed> fixed_;
  std::map<std::string, Holding> holdings_;
  uint64_t epoch_ = 0;
};

// Whether the scenario ends with a number of iterations: shared-iterations, per-vu-iterations.
bool HasFixedIterations(const Scenario& scenario);
// How many of the VUs [0, `vus`) of a scenario that begins at the cluster-wide VU `first_vu` the slice owns.
int64_t ShareOfScenario(int64_t first_vu, int64_t vus, Slice slice);

}  // namespace kload::controller
