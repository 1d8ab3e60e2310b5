#include "controller/run/deal.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace kload::controller {
namespace {

__extension__ typedef __int128 Wide;

}  // namespace

bool HasFixedIterations(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kPerVuIterations ||
         scenario.executor == ExecutorKind::kSharedIterations;
}

int64_t ShareOfScenario(int64_t first_vu, int64_t vus, Slice slice) {
  return ShareOf(first_vu + vus, slice) - ShareOf(first_vu, slice);
}

int64_t Deal::Fixed::of_vus(Slice slice) const {
  return ShareOfScenario(scenario.first_vu, scenario.vus, slice);
}

int64_t Deal::Fixed::iterations(Slice slice) const {
  if (scenario.executor == ExecutorKind::kPerVuIterations) {
    return scenario.iterations * of_vus(slice);
  }
  // As IterationBudget() deals them out: the first VUs have one more.
  return scenario.iterations / scenario.vus * of_vus(slice) +
         ShareOfScenario(scenario.first_vu, scenario.iterations % scenario.vus, slice);
}

Deal::Deal(const TestPlan& plan) : total_vus_(TotalVus(plan)) {
  for (const Scenario& scenario : plan.scenarios) {
    if (HasFixedIterations(scenario)) fixed_.push_back({scenario});
  }
}

void Deal::Begin(const std::vector<std::string>& holders) {
  for (size_t i = 0; i < holders.size(); ++i) {
    const Slice slice{uint32_t(i), uint32_t(holders.size())};
    Holding& holding = holdings_[holders[i]];
    holding.parts = {{.slice = slice, .from = Nanos(0), .budgets = {}}};
    for (const Fixed& fixed : fixed_) {
      holding.budgets[fixed.scenario.name] = fixed.iterations(slice);
    }
  }
}

// ---- Changes of hands ----

Deal::Shift Deal::Lose(const std::string& holder, const std::vector<std::string>& survivors,
                       const IterationCounts& done, Nanos from) {
  KLOAD_CHECK(!survivors.empty(), "a lost part needs somebody to take it");
  Holding lost = std::exchange(holdings_[holder], {});
  Shift shift{.epoch = epoch_ + 1, .from = from};
  shift.adoptions = Distribute(lost.parts, survivors, from);
  IterationCounts left;
  for (const auto& [scenario, budget] : lost.budgets) {
    const auto reported = done.find(scenario);
    left[scenario] = std::max<int64_t>(0, budget - (reported == done.end() ? 0 : reported->second));
  }
  shift.unassigned = GiveBudgets(left, shift.adoptions);
  Book(shift.adoptions);
  if (!shift.empty()) ++epoch_;
  return shift;
}

Deal::Shift Deal::Retire(const std::string& holder, const std::vector<std::string>& others,
                         Nanos from) {
  KLOAD_CHECK(!others.empty(), "a part that is given up needs somebody to take it");
  Holding& holding = holdings_[holder];
  const std::vector<Part> parts = std::exchange(holding.parts, {});
  Shift shift{.epoch = epoch_ + 1, .from = from};
  if (parts.empty()) return shift;
  Cession& cession = shift.cessions.emplace_back(Cession{holder, {}});
  for (const Part& part : parts) cession.slices.push_back(part.slice);
  shift.adoptions = Distribute(parts, others, from);
  GiveBudgets({}, shift.adoptions);
  Book(shift.adoptions);
  ++epoch_;
  return shift;
}

Deal::Shift Deal::Join(const std::string& holder, const std::vector<std::string>& others,
                       Nanos from) {
  std::vector<std::string> givers = others;
  std::stable_sort(givers.begin(), givers.end(),
                   [&](const auto& a, const auto& b) { return VusOf(a) > VusOf(b); });
  const int64_t fair = total_vus_ / int64_t(others.size() + 1);
  int64_t wanted = fair;
  Shift shift{.epoch = epoch_ + 1, .from = from};
  Adoption adoption{holder, {}};
  for (const std::string& giver : givers) {
    const int64_t given = std::min(wanted, VusOf(giver) - fair);
    if (given <= 0) continue;
    Cession cession{giver, {}};
    for (Part& part : Take(holdings_[giver], given)) {
      cession.slices.push_back(part.slice);
      wanted -= VusOf(part.slice);
      part.from = std::max(part.from, from);
      adoption.parts.push_back(std::move(part));
    }
    if (!cession.slices.empty()) shift.cessions.push_back(std::move(cession));
  }
  if (adoption.parts.empty()) return shift;
  shift.adoptions.push_back(std::move(adoption));
  GiveBudgets({}, shift.adoptions);
  Book(shift.adoptions);
  ++epoch_;
  return shift;
}

// ---- Cutting ----

std::vector<Deal::Adoption> Deal::Distribute(const std::vector<Part>& parts,
                                             const std::vector<std::string>& takers, Nanos from) {
  std::vector<Adoption> adoptions;
  std::vector<int64_t> loads;
  for (const std::string& taker : takers) {
    adoptions.push_back({taker, {}});
    loads.push_back(VusOf(taker));
  }
  for (const Part& part : parts) {
    const int64_t vus = VusOf(part.slice);
    if (vus == 0) continue;  // of a plan with fewer VUs than agents
    const auto shares = uint32_t(std::min<int64_t>(vus, int64_t(takers.size())));
    for (uint32_t share = 0; share < shares; ++share) {
      const Slice slice = ShareOfSlice(part.slice, share, shares);
      const auto least = size_t(std::min_element(loads.begin(), loads.end()) - loads.begin());
      loads[least] += VusOf(slice);
      adoptions[least].parts.push_back(
          {.slice = slice, .from = std::max(part.from, from), .budgets = {}});
    }
  }
  std::erase_if(adoptions, [](const Adoption& adoption) { return adoption.parts.empty(); });
  return adoptions;
}

std::vector<Part> Deal::Take(Holding& holding, int64_t vus) {
  std::vector<Part> taken;
  const auto by_size = [&](const Part& a, const Part& b) {
    return VusOf(a.slice) > VusOf(b.slice);
  };
  std::stable_sort(holding.parts.begin(), holding.parts.end(), by_size);
  for (auto part = holding.parts.begin(); part != holding.parts.end();) {
    const int64_t size = VusOf(part->slice);
    if (size == 0 || size > vus) {
      ++part;
      continue;
    }
    vus -= size;
    taken.push_back(std::move(*part));
    part = holding.parts.erase(part);
  }
  // The smallest that has more than what is still wanted; its other shares stay.
  const auto larger = std::find_if(holding.parts.rbegin(), holding.parts.rend(),
                                   [&](const Part& part) { return VusOf(part.slice) > vus; });
  if (vus == 0 || larger == holding.parts.rend()) return taken;
  const Part whole = std::move(*larger);
  holding.parts.erase(std::next(larger).base());
  const int64_t size = VusOf(whole.slice);
  const auto shares = uint32_t(std::clamp<int64_t>((size + vus / 2) / vus, 2, size));
  for (uint32_t share = 0; share < shares; ++share) {
    Part piece = whole;
    piece.slice = ShareOfSlice(whole.slice, share, shares);
    (share + 1 == shares ? taken : holding.parts).push_back(std::move(piece));
  }
  return taken;
}

// ---- Fixed numbers of iterations ----

IterationCounts Deal::GiveBudgets(const IterationCounts& left, std::vector<Adoption>& adoptions) {
  IterationCounts unassigned;
  for (const Fixed& fixed : fixed_) {
    const auto known = left.find(fixed.scenario.name);
    const int64_t iterations = known == left.end() ? 0 : known->second;
    int64_t vus = 0;
    for (const Adoption& adoption : adoptions) {
      for (const Part& part : adoption.parts) vus += fixed.of_vus(part.slice);
    }
    if (vus == 0 && iterations > 0) unassigned[fixed.scenario.name] = iterations;
    int64_t before = 0;
    for (Adoption& adoption : adoptions) {
      for (Part& part : adoption.parts) {
        const int64_t own = fixed.of_vus(part.slice);
        const auto up_to = [&](int64_t count) {
          return vus == 0 ? 0 : int64_t(Wide(iterations) * count / vus);
        };
        part.budgets.push_back({fixed.scenario.name, up_to(before + own) - up_to(before)});
        before += own;
      }
    }
  }
  return unassigned;
}

void Deal::Book(const std::vector<Adoption>& adoptions) {
  for (const Adoption& adoption : adoptions) {
    Holding& holding = holdings_[adoption.holder];
    for (const Part& part : adoption.parts) {
      holding.parts.push_back({.slice = part.slice, .from = part.from, .budgets = {}});
      for (const PartBudget& budget : part.budgets) {
        holding.budgets[budget.scenario] += budget.iterations;
      }
    }
  }
}

// ---- Figures ----

const std::vector<Part>& Deal::PartsOf(const std::string& holder) const {
  static const std::vector<Part> kNone;
  const auto found = holdings_.find(holder);
  return found == holdings_.end() ? kNone : found->second.parts;
}

int64_t Deal::VusOf(const std::string& holder) const {
  int64_t vus = 0;
  for (const Part& part : PartsOf(holder)) vus += VusOf(part.slice);
  return vus;
}

int64_t Deal::VusOf(Slice slice) const { return ShareOf(total_vus_, slice); }

int64_t Deal::BudgetOf(const std::string& holder, const std::string& scenario) const {
  const auto found = holdings_.find(holder);
  if (found == holdings_.end()) return 0;
  const auto budget = found->second.budgets.find(scenario);
  return budget == found->second.budgets.end() ? 0 : budget->second;
}

}  // namespace kload::controller
