#include "agent/vu/life.h"

#include <algorithm>
#include <map>
#include <utility>

namespace kload::agent {
namespace {

// The first moment from `from` on at which no more than `vu` VUs (its 0-based index) are kept.
Nanos ReleasedAt(const std::vector<Step>& reserved, int64_t vu, Nanos from) {
  if (VusAt(reserved, from) <= vu) return from;
  const auto after = std::upper_bound(reserved.begin(), reserved.end(), from,
                                      [](Nanos at, const Step& step) { return at < step.at; });
  for (auto step = after; step != reserved.end(); ++step) {
    if (step->vus <= vu) return step->at;
  }
  return from;
}

}  // namespace

std::vector<Stretch> StretchesOf(const Scenario& scenario, const std::vector<Step>& reserved,
                                 const VuSchedule& schedule) {
  const int64_t vu = schedule.vu - scenario.first_vu;
  std::vector<Stretch> stretches;
  for (const ActiveInterval& active : schedule.active) {
    stretches.push_back({active.begin + scenario.start_time, active.end + scenario.start_time,
                         ReleasedAt(reserved, vu, active.end) + scenario.start_time});
  }
  for (size_t i = stretches.size(); i-- > 1;) {
    Stretch& earlier = stretches[i - 1];
    if (stretches[i].begin <= earlier.cut) earlier.cut = stretches[i].cut;
  }
  return stretches;
}

std::vector<Step> ScheduledSteps(const std::vector<std::vector<Stretch>>& vus) {
  std::map<Nanos, int64_t> changes;
  for (const std::vector<Stretch>& stretches : vus) {
    for (const Stretch& stretch : stretches) {
      ++changes[stretch.begin];
      --changes[stretch.end];
    }
  }
  std::vector<Step> steps;
  steps.reserve(changes.size());
  int64_t count = 0;
  for (const auto& [at, change] : changes) steps.push_back({at, count += change});
  return steps;
}

void VuLife::EndAt(Nanos end, Nanos grace) {
  std::erase_if(stretches_, [end](const Stretch& stretch) { return stretch.begin >= end; });
  for (Stretch& stretch : stretches_) {
    if (stretch.end <= end) continue;
    stretch.end = end;
    stretch.cut = std::min(stretch.cut, end + grace);
  }
}

VuLife::Decision VuLife::Decide(Nanos now) {
  while (current_ < stretches_.size() && stretches_[current_].end <= now) ++current_;
  if (stopped_ || current_ == stretches_.size()) return {Decision::Kind::kEnd, now, now};
  const Stretch& stretch = stretches_[current_];
  if (now < stretch.begin) return {Decision::Kind::kWait, stretch.begin, stretch.begin};
  return {Decision::Kind::kIterate, stretch.end, stretch.cut};
}

}  // namespace kload::agent
