#include "common/analysis/comparable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "common/base/duration.h"

namespace kload::analysis {
namespace {

std::string StagesText(const Scenario& scenario) {
  std::string text;
  for (const Stage& stage : scenario.stages) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", FormatDuration(stage.duration),
                        stage.target);
  }
  return text;
}

// Everything of a scenario that decides the load.
std::string LoadText(const Scenario& scenario) {
  std::string text = Describe(scenario);
  if (!scenario.stages.empty()) text += fmt::format(", stages {}", StagesText(scenario));
  if (scenario.executor == ExecutorKind::kRampingVus) {
    text += fmt::format(", from {}", scenario.start_vus);
  }
  if (IsArrivalRate(scenario)) {
    text += fmt::format(", rate {} per {}", scenario.rate, FormatDuration(scenario.time_unit));
  }
  if (scenario.start_time > Nanos(0)) {
    text += fmt::format(", after {}", FormatDuration(scenario.start_time));
  }
  return text;
}

const Scenario* FindScenario(const TestPlan& plan, const std::string& name) {
  const auto found = std::find_if(plan.scenarios.begin(), plan.scenarios.end(),
                                  [&](const Scenario& each) { return each.name == name; });
  return found == plan.scenarios.end() ? nullptr : &*found;
}

void ComparePlans(const Result& before, const Result& after, std::vector<std::string>& why) {
  for (const Scenario& was : before.plan.scenarios) {
    const Scenario* is = FindScenario(after.plan, was.name);
    if (is == nullptr) {
      why.push_back(fmt::format("another plan: {} has no scenario \"{}\"", after.run_id, was.name));
    } else if (LoadText(was) != LoadText(*is)) {
      why.push_back(fmt::format("another load in scenario \"{}\": {} against {}", was.name,
                                LoadText(was), LoadText(*is)));
    }
  }
  for (const Scenario& is : after.plan.scenarios) {
    if (FindScenario(before.plan, is.name) == nullptr) {
      why.push_back(fmt::format("another plan: {} has no scenario \"{}\"", before.run_id, is.name));
    }
  }
  if (before.plan.options.time_scale != after.plan.options.time_scale) {
    why.push_back(fmt::format("another time scale: {} against {}", before.plan.options.time_scale,
                              after.plan.options.time_scale));
  }
}

// Until when the plan has load; iterations end when they are done.
Nanos PlannedEnd(const TestPlan& plan) {
  Nanos end{0};
  for (const Scenario& scenario : plan.scenarios) {
    const bool by_iterations = scenario.executor == ExecutorKind::kPerVuIterations ||
                               scenario.executor == ExecutorKind::kSharedIterations;
    if (by_iterations || IsControlled(scenario)) continue;
    end = std::max(end, scenario.start_time + RegularDuration(scenario));
  }
  return end;
}

void CheckOne(const Result& result, std::vector<std::string>& why) {
  if (!result.finished()) {
    why.push_back(fmt::format("{} has not finished: it is {}", result.run_id, result.state));
    return;
  }
  if (!result.summary) {
    why.push_back(fmt::format("{} has sent no load", result.run_id));
    return;
  }
  const Soundness& soundness = result.summary->soundness;
  if (soundness.label == SoundnessLabel::kDegraded || soundness.label == SoundnessLabel::kInvalid) {
    const std::string reason =
        soundness.findings.empty() ? "no reason is kept" : soundness.findings.front().reason;
    why.push_back(
        fmt::format("{} is {}: {}", result.run_id, SoundnessName(soundness.label), reason));
  }
  const Nanos planned = PlannedEnd(result.plan);
  const Nanos ended = result.points.empty() ? Nanos(0) : result.points.back().at;
  if (ended < planned - std::max<Nanos>(std::chrono::seconds(2), planned / 50)) {
    why.push_back(fmt::format("{} ended before its plan did, after {} of {}", result.run_id,
                              FormatDuration(ended), FormatDuration(planned)));
  }
  const TrendSink* duration = result.Trend("http_req_duration");
  if (duration == nullptr || duration->count() == 0) {
    why.push_back(
        fmt::format("{} has no requests, or was stored without what they took", result.run_id));
  }
}

std::set<std::string> NamesOf(const Result& result) {
  std::set<std::string> names;
  for (const Endpoint& endpoint : result.endpoints) {
    names.insert(fmt::format("{} {}", endpoint.method, PathOf(endpoint.name)));
  }
  return names;
}

void RemarkMissing(const std::set<std::string>& has, const std::set<std::string>& lacks,
                   const std::string& run, std::vector<std::string>& remarks) {
  constexpr size_t kNamed = 5;
  std::vector<std::string> only;
  std::set_difference(has.begin(), has.end(), lacks.begin(), lacks.end(), std::back_inserter(only));
  if (only.empty()) return;
  const size_t all = only.size();
  only.resize(std::min(all, kNamed));
  remarks.push_back(fmt::format("only {} has {}{}", run, fmt::join(only, ", "),
                                all > kNamed ? fmt::format(" and {} more", all - kNamed) : ""));
}

}  // namespace

std::vector<std::string> WhyIncomparable(const Result& before, const Result& after) {
  std::vector<std::string> why;
  ComparePlans(before, after, why);
  CheckOne(before, why);
  if (before.run_id != after.run_id) CheckOne(after, why);
  return why;
}

std::vector<std::string> RemarksOf(const Result& before, const Result& after) {
  std::vector<std::string> remarks;
  if (before.run_id == after.run_id) remarks.push_back("both are the same run");
  if (before.script != after.script) {
    remarks.push_back(fmt::format("the scripts are named {} and {}", before.script, after.script));
  }
  if (before.agents != after.agents) {
    remarks.push_back(fmt::format("{} agents against {}", before.agents, after.agents));
  }
  const std::set<std::string> was = NamesOf(before);
  const std::set<std::string> is = NamesOf(after);
  RemarkMissing(was, is, before.run_id, remarks);
  RemarkMissing(is, was, after.run_id, remarks);
  return remarks;
}

}  // namespace kload::analysis
