// How many VUs the whole cluster had at an instant: the sum of what all agents report for the same
// run time.
//
// Data path: AgentHealth of each delta -> VuGauge -> the metrics vus and vus_max of ClusterSeries.
// Thread:    a plain value of one run.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace kload::controller {

class VuGauge {
 public:
  struct Point {
    Nanos at{0};  // run time
    int64_t active = 0;
    int64_t initialized = 0;
    friend bool operator==(const Point&, const Point&) = default;
  };

  void AddAgent(const std::string& name);
  // Reports come with rising times; one that does not rise is ignored.
  void Report(const std::string& name, Nanos at, int64_t active, int64_t initialized);
  bool HasReported(const std::string& name) const;
  // The agent has no VUs from now on and will not report again. Its initialized VUs still count.
  void Finish(const std::string& name);
  // The agent has been given VUs again and reports again.
  void Resume(const std::string& name);
  // Nobody waits for the agent any more.
  void Lose(const std::string& name);
  // Instants that all agents have reported (or passed) and that were not taken before, by rising
  // time.
  std::vector<Point> Take();

 private:
  struct Agent {
    std::deque<Point> pending;  // reports that were not taken yet
    Point latest;               // last one taken
    Nanos reported{-1};
    bool finished = false;
  };

  std::map<std::string, Agent> agents_;
};

}  // namespace kload::controller
