#include "tests/simulation/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <variant>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/spool/spool.h"
#include "common/wire/bundle_wire.h"
#include "common/wire/summary_wire.h"
#include "controller/run/admission.h"
#include "controller/run/recover.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/simulated_agent.h"
#include "tests/simulation/simulated_controller.h"
#include "tests/simulation/test_plan.h"
#include "tests/simulation/witness.h"

namespace kload::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kOrphanAfter = seconds(20);
// What a run may take beyond its plan and the last of its faults.
constexpr Nanos kEndsWithin = seconds(60);
// By then nothing runs any more, whatever has become of the controller.
constexpr Nanos kQuietWithin = kOrphanAfter + seconds(15);
// Clocks are aligned by the fastest of some exchanges; paths take 0.2 to 0.5 ms.
constexpr Nanos kStartSpreadMax = milliseconds(10);

class Follower final : public controller::RunWatcher {
 public:
  void Send(controller::RunEventPtr event) override {
    if (event->has_result()) result = event->result();
  }
  void End() override { ended = true; }

  v1::RunResult result;
  bool ended = false;
};

class Trial {
 public:
  explicit Trial(const TrialOptions& options);
  TrialResult Run();

 private:
  void AddAgent(uint32_t number);
  SimulatedAgent* Living(uint32_t number);
  HostClock AnyClock();
  bool StartRun();
  void Follow();
  void PlanFaults();
  void Inject(const Fault& fault);
  void Cut(Path& path, Nanos lasts);
  void Slow(Path& path, Nanos lasts);
  void ScaleRun();
  // Lets time pass until `done` or `until`, true time. Whether it was `done`.
  bool RunUntil(Nanos until, const std::function<bool()>& done);
  bool Quiet() const;

  void Check();
  void CheckResult();
  void CheckRecovery();
  void Expect(bool holds, std::string otherwise);
  void Expect(std::vector<std::string> broken);

  const TrialOptions options_;
  std::mt19937_64 random_;
  VirtualTime time_;
  Witness witness_;
  std::string folder_;
  std::vector<std::unique_ptr<Path>> paths_;  // of each agent's host
  std::vector<HostClock> clocks_;             // likewise
  std::optional<SimulatedController> controller_;
  std::vector<std::unique_ptr<SimulatedAgent>> agents_;  // processes, by age
  std::vector<int> processes_;                           // so far, of each agent
  uint32_t agent_count_ = 0;
  int seconds_ = 0;
  TestPlan plan_;
  std::string run_id_;
  std::shared_ptr<Follower> follower_;
  std::vector<Fault> faults_;
  std::vector<Nanos> scaled_at_;  // run time
  TrialResult result_;
};

Trial::Trial(const TrialOptions& options) : options_(options), random_(options.seed) {
  agent_count_ = 2 + static_cast<uint32_t>(random_() % 3);
  seconds_ = 8 + static_cast<int>(random_() % 8);
  folder_ = fmt::format("{}/trial-{}", options_.folder, options_.seed);
  std::filesystem::remove_all(folder_);
}

HostClock Trial::AnyClock() {
  const Nanos offset = milliseconds(1'000 + static_cast<int64_t>(random_() % 1'000'000'000));
  const double drift = (static_cast<double>(random_() % 401) - 200) * 1e-6;
  const Nanos skew = milliseconds(static_cast<int64_t>(random_() % 10'001) - 5'000);
  return {time_, offset, drift, skew};
}

void Trial::AddAgent(uint32_t number) {
  while (paths_.size() <= number) {
    paths_.push_back(std::make_unique<Path>());
    clocks_.push_back(AnyClock());
    processes_.push_back(0);
  }
  const bool spools = Has(faults_, FaultKind::kControllerKilled);
  SimulatedAgent::Setting setting{
      .time = time_,
      .random = random_,
      .path = *paths_[number],
      .acceptor = *controller_,
      .spool_dir = spools ? folder_ + "/spools" : "",
      .orphan_after = kOrphanAfter,
      .observe =
          [this](const SimulatedAgent& agent, const agent::WorkerEvent& event) {
            witness_.SawWorker(agent.incarnation(), event);
          },
      .on_start =
          [this](const SimulatedAgent&, Nanos true_time) {
            const bool first = !witness_.zero().has_value();
            witness_.SawStart(true_time);
            if (first) PlanFaults();
          }};
  const std::string name = fmt::format("a{}", number);
  agents_.push_back(std::make_unique<SimulatedAgent>(
      std::move(setting), name, fmt::format("{}-{}", name, ++processes_[number]), clocks_[number]));
}

SimulatedAgent* Trial::Living(uint32_t number) {
  for (auto agent = agents_.rbegin(); agent != agents_.rend(); ++agent) {
    if ((*agent)->name() == fmt::format("a{}", number) && (*agent)->alive()) return agent->get();
  }
  return nullptr;
}

bool Trial::StartRun() {
  const std::string script = MakeScript(random_, seconds_);
  v1::StartRunRequest request;
  *request.mutable_bundle() = wire::EncodeBundle({"/s.js", {{"/s.js", script}}});
  request.set_agents(agent_count_);
  auto admitted = controller::AdmitRun(request, "");
  if (const auto* failure = std::get_if<controller::RunFailure>(&admitted)) {
    Expect(false, "the run was refused: " + failure->message);
    return false;
  }
  auto& run = std::get<controller::AdmittedRun>(admitted);
  plan_ = run.spec.plan;
  const auto id = controller_->core().runs().Start(std::move(run));
  if (!id.ok()) {
    Expect(false, "the run did not start: " + Message(id.status()));
    return false;
  }
  run_id_ = *id;
  Follow();
  return true;
}

void Trial::Follow() {
  follower_ = std::make_shared<Follower>();
  const absl::Status status = controller_->core().runs().Watch(run_id_, follower_);
  if (!status.ok()) result_.story.push_back("cannot follow the run: " + Message(status));
}

// ---- Faults

void Trial::PlanFaults() {
  for (const Fault& fault : faults_) {
    time_.At(*witness_.zero() + fault.at, [this, fault] { Inject(fault); });
  }
}

void Trial::Inject(const Fault& fault) {
  if (follower_->ended) return;
  SimulatedAgent* agent = Living(fault.agent);
  Path& path = *paths_[fault.agent];
  switch (fault.kind) {
    case FaultKind::kAgentKilled:
      if (agent != nullptr) agent->Kill();
      if (fault.lasts > Nanos::zero()) {
        time_.After(fault.lasts, [this, number = fault.agent] {
          if (Living(number) == nullptr) AddAgent(number);
        });
      }
      return;
    case FaultKind::kAgentLeaves:
      if (agent != nullptr) agent->Leave();
      return;
    case FaultKind::kAgentStopped:
      if (agent != nullptr) agent->PauseUntil(time_.now() + fault.lasts);
      return;
    case FaultKind::kPathCut:
      return Cut(path, fault.lasts);
    case FaultKind::kPathSlow:
      return Slow(path, fault.lasts);
    case FaultKind::kAllPathsCut:
      for (const auto& each : paths_) Cut(*each, fault.lasts);
      return;
    case FaultKind::kStreamBroken:
      if (agent != nullptr) agent->BreakStream(fault.lasts);
      return;
    case FaultKind::kControllerKilled:
      controller_->Kill();
      if (fault.lasts > Nanos::zero()) {
        time_.After(fault.lasts, [this] {
          controller_->Start();
          Follow();
        });
      }
      return;
    case FaultKind::kControllerStopped:
      return controller_->PauseUntil(time_.now() + fault.lasts);
    case FaultKind::kScaled:
      return ScaleRun();
    case FaultKind::kRunStopped:
      if (controller_->up()) (void)controller_->core().runs().Stop(run_id_, true);
      return;
  }
}

void Trial::Cut(Path& path, Nanos lasts) {
  if (std::exchange(path.cut, true)) return;
  time_.After(lasts, [&path] {
    path.cut = false;
    for (auto& held : std::exchange(path.on_heal, {})) held();
  });
}

void Trial::Slow(Path& path, Nanos lasts) {
  const Path before;
  path.latency = milliseconds(50 + static_cast<int64_t>(random_() % 400));
  path.jitter = milliseconds(200);
  path.write_time = milliseconds(static_cast<int64_t>(random_() % 200));
  time_.After(lasts, [&path, before] {
    path.latency = before.latency;
    path.jitter = before.jitter;
    path.write_time = before.write_time;
  });
}

void Trial::ScaleRun() {
  if (!controller_->up() || controller_->paused()) return;
  uint32_t living = 0;
  for (const auto& agent : agents_) living += agent->alive() ? 1 : 0;
  if (living > 1 && random_() % 2 == 0) --living;
  controller::ScaleOrder order;
  order.agents = living;
  const auto said = controller_->core().runs().Scale(run_id_, order);
  scaled_at_.push_back(time_.now() - *witness_.zero());
  result_.story.push_back(fmt::format("{} scaled to {} agents: {}",
                                      FormatDuration(scaled_at_.back()), living,
                                      said.ok() ? *said : Message(said.status())));
}

// ---- Time

bool Trial::RunUntil(Nanos until, const std::function<bool()>& done) {
  while (!done()) {
    Nanos next = until;
    if (const auto due = time_.next()) next = std::min(next, *due);
    for (const auto& agent : agents_) {
      if (const auto due = agent->next()) next = std::min(next, *due);
    }
    time_.AdvanceTo(next);
    // By number: one may add another.
    for (size_t i = 0; i < agents_.size(); ++i) agents_[i]->Step();
    if (time_.now() >= until) return done();
  }
  return true;
}

bool Trial::Quiet() const {
  return std::all_of(agents_.begin(), agents_.end(),
                     [](const auto& agent) { return agent->vus_active() == 0; });
}

TrialResult Trial::Run() {
  faults_ = MakeFaults(random_, agent_count_, seconds(seconds_));
  result_.faults = faults_.size();
  const bool durable = Has(faults_, FaultKind::kControllerKilled);
  if (durable) std::filesystem::create_directories(folder_ + "/spools");
  controller_.emplace(
      time_, random_, AnyClock(), durable ? folder_ + "/store" : "",
      SimulatedController::Faults{.duplicated = random_() % 4 == 0 ? 0.2 : 0.0},
      SimulatedController::Observe{
          .delta = [this](const std::string& incarnation,
                          const Delta& delta) { witness_.SawDelta(incarnation, delta); },
          .acknowledged =
              [this](const std::string& incarnation, uint64_t sequence) {
                witness_.SawAcknowledgement(incarnation, sequence);
              }});
  controller_->Start();
  const uint32_t spare = static_cast<uint32_t>(random_() % 2);
  for (uint32_t number = 0; number < agent_count_ + spare; ++number) AddAgent(number);
  RunUntil(seconds(1), [] { return false; });
  if (StartRun()) {
    result_.story.push_back(
        fmt::format("{} agents and {} spare ones, {}s of", agent_count_, spare, seconds_));
    for (const Scenario& scenario : plan_.scenarios) {
      result_.story.push_back(fmt::format("  {}: {}", scenario.name, Describe(scenario)));
    }
    for (const Fault& fault : faults_) result_.story.push_back(Describe(fault));
    Nanos last_fault{0};
    for (const Fault& fault : faults_) {
      last_fault = std::max(last_fault, fault.at + fault.lasts);
    }
    const Nanos end = time_.now() + MaxDuration(plan_) + last_fault + kEndsWithin;
    const Nanos plan_end = time_.now() + seconds(2 * seconds_) + last_fault + kEndsWithin;
    RunUntil(std::min(end, plan_end), [this] { return follower_->ended; });
    witness_.RunEnded();
    Check();
  }
  result_.simulated = time_.now();
  result_.iterations = witness_.Taken();
  agents_.clear();
  std::filesystem::remove_all(folder_);
  return std::move(result_);
}

// ---- Promises

void Trial::Expect(bool holds, std::string otherwise) {
  if (!holds) result_.broken.push_back(std::move(otherwise));
}

void Trial::Expect(std::vector<std::string> broken) {
  for (std::string& each : broken) Expect(false, std::move(each));
}

void Trial::Check() {
  const bool for_good = std::any_of(faults_.begin(), faults_.end(), [](const Fault& fault) {
    return fault.kind == FaultKind::kControllerKilled && fault.lasts == Nanos::zero();
  });
  if (follower_->ended) {
    CheckResult();
  } else {
    Expect(for_good, "the run did not come to an end");
  }
  Expect(RunUntil(time_.now() + kQuietWithin, [this] { return Quiet(); }),
         "an agent goes on although nobody waits for it");
  if (for_good && !follower_->ended) CheckRecovery();

  std::vector<Disturbance> changes;
  for (const Nanos at : scaled_at_) changes.push_back({at, at + seconds(4)});
  Nanos until = seconds(seconds_);
  for (const Scenario& scenario : plan_.scenarios) {
    until = std::min(until, RegularDuration(scenario));
  }
  Expect(witness_.CheckPlan(plan_, DisturbancesOf(faults_), changes, until));
  if (!Has(faults_, FaultKind::kPathSlow)) {
    Expect(witness_.StartSpread() <= kStartSpreadMax,
           "agents began " + FormatDuration(witness_.StartSpread()) + " apart");
  }
}

void Trial::CheckResult() {
  const auto summary = wire::DecodeSummary(follower_->result.summary());
  if (!summary.ok()) return Expect(false, "no summary: " + Message(summary.status()));
  result_.story.push_back(
      fmt::format("exit code {} {}", follower_->result.exit_code(), follower_->result.message()));
  for (const RunNote& note : summary->notes) {
    result_.story.push_back(
        fmt::format("  {} {}: {}", FormatDuration(note.at), note.kind, note.text));
  }
  Expect(witness_.CheckAccount(*summary, result_.exact));
  if (result_.exact) Expect(witness_.CheckMerge(*summary));
  for (const auto& agent : agents_) {
    const auto said =
        std::find_if(summary->agents.begin(), summary->agents.end(),
                     [&](const AgentSummary& each) { return each.name == agent->name(); });
    const bool lost = said == summary->agents.end() || said->lost;
    if (agent->alive() && !lost) {
      Expect(witness_.CheckSurvivor(agent->incarnation()));
    }
  }
}

void Trial::CheckRecovery() {
  std::vector<Spool> spools;
  for (const auto& file : std::filesystem::directory_iterator(folder_ + "/spools")) {
    auto spool = ReadSpool(file.path().string());
    if (!spool.ok()) {
      Expect(false, "a spool cannot be read: " + Message(spool.status()));
      continue;
    }
    spools.push_back(*std::move(spool));
  }
  if (spools.empty()) return Expect(false, "no agent has left a spool");
  const auto recovered = controller::RecoverRun(spools);
  if (!recovered.ok()) return Expect(false, "no recovery: " + Message(recovered.status()));
  uint64_t wanted = 0;
  uint64_t most = 0;
  for (const auto& agent : agents_) {
    most += witness_.TakenBy(agent->incarnation());
    if (agent->alive()) wanted += witness_.TakenBy(agent->incarnation());
  }
  uint64_t got = 0;
  for (const MetricSummary& metric : recovered->summary.metrics) {
    if (metric.name == "took") got = static_cast<uint64_t>(metric.values.at("count"));
  }
  Expect(got >= wanted && got <= most,
         fmt::format("the spools give {} iterations, living agents took {}, all {}", got, wanted,
                     most));
}

}  // namespace

TrialResult RunTrial(const TrialOptions& options) { return Trial(options).Run(); }

}  // namespace kload::simulation
