// Which deltas have been counted: each (agent incarnation, sequence) exactly once.
//
// Data path: Delta (link) -> Ledger says whether it is new -> ClusterSeries; acknowledged up to `acked`.
// Thread:    the controller's core thread; a plain value of one run.
// Bound:     at most kAheadMax sequences of an incarnation may be held beyond a missing one.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kload::controller {

class Ledger {
 public:
  static constexpr uint64_t kAheadMax = 4096;

  enum class Answer {
    kNew,        // merge it; it is now recorded
    kDuplicate,  // counted before: acknowledge again, do not merge
    kRefused,    // sequence 0, or further beyond a missing one than kAheadMax: neither merge nor
                 // acknowledge
  };
  struct Receipt {
    Answer answer = Answer::kRefused;
    // All sequences up to and including this one are recorded: what a DeltaAck says. 0: none.
    uint64_t acked = 0;
  };
  // One incarnation's account.
  struct Account {
    std::string incarnation;
    uint64_t acked = 0;
    std::set<uint64_t> ahead;  // recorded, but something before them is missing
    uint64_t duplicates = 0;   // answers kDuplicate so far
    uint64_t recorded = 0;     // answers kNew so far
  };

  // Records the sequence (from 1) of an agent's incarnation.
  Receipt Admit(const std::string& incarnation, uint64_t sequence);

  // Sequences that are missing although a later one is recorded; empty when the account has no gap
  // or is unknown.
  std::vector<uint64_t> Missing(const std::string& incarnation) const;
  // Null for an incarnation that never sent a delta.
  const Account* Find(const std::string& incarnation) const;
  const std::map<std::string, Account>& accounts() const { return accounts_; }
  // Takes an account over from a store; replaces one of the same incarnation.
  void Restore(Account account);

 private:
  std::map<std::string, Account> accounts_;
};

}  // namespace kload::controller
