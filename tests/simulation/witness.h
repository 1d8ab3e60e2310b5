// What was seen in a trial from outside: what agents measured, what reached the controller, what it acknowledged; and whether
// all of that is as promised.
//
// Thread: the world's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/worker/messages.h"
#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/plan/plan.h"
#include "common/summary/summary.h"
#include "tests/simulation/faults.h"

namespace kload::simulation {

class Witness {
 public:
  void SawWorker(const std::string& incarnation, const agent::WorkerEvent& event);
  void SawDelta(const std::string& incarnation, const Delta& delta);
  void SawAcknowledgement(const std::string& incarnation, uint64_t sequence);
  void SawStart(Nanos true_time);

  // Run time 0 in true time: when the first agent's load began.
  std::optional<Nanos> zero() const;
  // The longest time between the starts of two agents.
  Nanos StartSpread() const;
  // Iterations that agents' workers have counted, all together and of one.
  uint64_t Taken() const;
  uint64_t TakenBy(const std::string& incarnation) const;
  // From now on, what is seen does not belong to the result.
  void RunEnded() { ended_ = true; }

  // ---- Each returns what is wrong, a sentence for each ----
  // Each sample is in the result once: all that was acknowledged, nothing that did not arrive. `exact`: whether that leaves no
  // room at all.
  std::vector<std::string> CheckAccount(const RunSummary& summary, bool& exact) const;
  // The merged metrics are those of another merge of the same deltas, in another order; only when the account is exact.
  std::vector<std::string> CheckMerge(const RunSummary& summary) const;
  // Everybody that `survives` has handed over all that it measured.
  std::vector<std::string> CheckSurvivor(const std::string& incarnation) const;
  // Outside of disturbances the cluster runs the plan: its VUs at every full second until `until`, each arrival once.
  std::vector<std::string> CheckPlan(const TestPlan& plan,
                                     const std::vector<Disturbance>& disturbances,
                                     const std::vector<Disturbance>& changes, Nanos until) const;

 private:
  struct Vus {
    int64_t scheduled = 0;
    int64_t active = 0;
  };
  struct Account {
    uint64_t taken = 0;                // by its workers
    std::map<uint64_t, Delta> deltas;  // that reached the controller, by sequence
    uint64_t acknowledged = 0;         // up to this sequence
  };
  uint64_t Sum(uint64_t (*of)(const Account&)) const;

  std::map<std::string, Account> accounts_;                 // by incarnation
  std::map<int64_t, std::map<std::string, Vus>> seconds_;   // by run time, by worker
  std::map<std::string, std::map<int64_t, int>> arrivals_;  // by scenario and number
  std::vector<Nanos> starts_;
  bool ended_ = false;
};

}  // namespace kload::simulation
