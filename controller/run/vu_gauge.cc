#include "controller/run/vu_gauge.h"

#include <algorithm>
#include <set>

namespace kload::controller {

void VuGauge::AddAgent(const std::string& name) { agents_[name]; }

void VuGauge::Report(const std::string& name, Nanos at, int64_t active, int64_t initialized) {
  const auto found = agents_.find(name);
  if (found == agents_.end() || found->second.finished || at <= found->second.reported) return;
  found->second.reported = at;
  found->second.pending.push_back({at, active, initialized});
}

bool VuGauge::HasReported(const std::string& name) const {
  const auto found = agents_.find(name);
  return found != agents_.end() && found->second.reported >= Nanos(0);
}

void VuGauge::Finish(const std::string& name) {
  const auto found = agents_.find(name);
  if (found != agents_.end()) found->second.finished = true;
}

void VuGauge::Resume(const std::string& name) {
  const auto found = agents_.find(name);
  if (found != agents_.end()) found->second.finished = false;
}

void VuGauge::Lose(const std::string& name) { agents_.erase(name); }

std::vector<VuGauge::Point> VuGauge::Take() {
  Nanos passed = Nanos::max();
  std::set<Nanos> instants;
  for (const auto& [name, agent] : agents_) {
    if (!agent.finished) passed = std::min(passed, agent.reported);
    for (const Point& point : agent.pending) instants.insert(point.at);
  }
  std::vector<Point> sums;
  for (const Nanos at : instants) {
    if (at > passed) break;
    Point sum{.at = at};
    for (auto& [name, agent] : agents_) {
      while (!agent.pending.empty() && agent.pending.front().at <= at) {
        agent.latest = agent.pending.front();
        agent.pending.pop_front();
      }
      const bool gone = agent.finished && agent.pending.empty() && agent.latest.at < at;
      sum.active += gone ? 0 : agent.latest.active;
      sum.initialized += agent.latest.initialized;
    }
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace kload::controller
