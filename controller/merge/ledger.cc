#include "controller/merge/ledger.h"

#include <utility>

namespace kload::controller {

Ledger::Receipt Ledger::Admit(const std::string& incarnation, uint64_t sequence) {
  const auto known = accounts_.find(incarnation);
  const uint64_t acked = known == accounts_.end() ? 0 : known->second.acked;
  // Compared by distance, which cannot overflow.
  if (sequence == 0 || (sequence > acked && sequence - acked > kAheadMax)) {
    return {Answer::kRefused, acked};
  }
  Account& account = accounts_[incarnation];
  account.incarnation = incarnation;
  if (sequence <= account.acked || !account.ahead.insert(sequence).second) {
    ++account.duplicates;
    return {Answer::kDuplicate, account.acked};
  }
  ++account.recorded;
  while (!account.ahead.empty() && *account.ahead.begin() == account.acked + 1) {
    account.ahead.erase(account.ahead.begin());
    ++account.acked;
  }
  return {Answer::kNew, account.acked};
}

std::vector<uint64_t> Ledger::Missing(const std::string& incarnation) const {
  std::vector<uint64_t> missing;
  const Account* account = Find(incarnation);
  if (account == nullptr) return missing;
  uint64_t next = account->acked + 1;
  for (const uint64_t recorded : account->ahead) {
    for (; next < recorded; ++next) missing.push_back(next);
    next = recorded + 1;
  }
  return missing;
}

const Ledger::Account* Ledger::Find(const std::string& incarnation) const {
  const auto found = accounts_.find(incarnation);
  return found == accounts_.end() ? nullptr : &found->second;
}

void Ledger::Restore(Account account) {
  const std::string incarnation = account.incarnation;
  accounts_[incarnation] = std::move(account);
}

}  // namespace kload::controller
