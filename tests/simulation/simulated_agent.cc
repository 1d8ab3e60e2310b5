#include "tests/simulation/simulated_agent.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace kload::simulation {

// The stream's words wait while the process is stopped.
class SimulatedAgent::Ear final : public agent::StreamListener {
 public:
  Ear(SimulatedAgent& agent, agent::StreamListener& uplink) : agent_(agent), uplink_(uplink) {}
  void OnMessage(const v1::ControllerMessage& message) override {
    Hear([this, message] { uplink_.OnMessage(message); });
  }
  void OnWritable() override {
    Hear([this] { uplink_.OnWritable(); });
  }
  void OnEnd(absl::Status status) override {
    Hear([this, status] { uplink_.OnEnd(status); });
  }

 private:
  void Hear(std::function<void()> what) { agent_.tasks_.push_back(std::move(what)); }

  SimulatedAgent& agent_;
  agent::StreamListener& uplink_;
};

SimulatedAgent::SimulatedAgent(Setting setting, std::string name, std::string incarnation,
                               HostClock clock)
    : setting_(std::move(setting)),
      name_(std::move(name)),
      incarnation_(std::move(incarnation)),
      clock_(clock) {
  agent::LinkCore::Options options;
  options.where = "the simulation";
  options.name = name_;
  options.incarnation = incarnation_;
  options.version = "1";
  options.orphan_after = setting_.orphan_after;
  options.spool_dir = setting_.spool_dir;
  options.seed = setting_.random();
  core_ = std::make_unique<agent::LinkCore>(
      std::move(options),
      agent::LinkCore::World{
          .clock = clock_,
          .timers = timers_,
          .crew = *this,
          .dial = [this](agent::StreamListener& listener) { return Dial(listener); },
          .post = [this](std::function<void()> work) { tasks_.push_back(std::move(work)); },
          .measure = [](Nanos) { return agent::ProcessHealth{.cores = 2}; },
          .on_end = [](const absl::Status&) {},
          .on_closed = [this] { tasks_.push_back([this] { Kill(); }); }});
  core_->Open();
}

SimulatedAgent::~SimulatedAgent() { Bury(); }

std::unique_ptr<agent::Stream> SimulatedAgent::Dial(agent::StreamListener& listener) {
  if (ear_ == nullptr) ear_ = std::make_unique<Ear>(*this, listener);
  auto connection = std::make_shared<Connection>(setting_.time, setting_.random, setting_.path,
                                                 setting_.acceptor, *ear_);
  connection_ = connection;
  connection->Dial();
  return std::make_unique<SimulatedStream>(std::move(connection));
}

void SimulatedAgent::BreakStream(Nanos later) {
  if (const auto connection = connection_.lock()) connection->Break(later);
}

std::optional<Nanos> SimulatedAgent::next() const {
  if (!tasks_.empty()) return std::max(setting_.time.now(), paused_until_);
  const std::optional<Nanos> due = timers_.next();
  if (!due) return std::nullopt;
  return std::max({clock_.TrueTime(*due), setting_.time.now(), paused_until_});
}

void SimulatedAgent::Step() {
  if (paused()) return;
  while (true) {
    if (!tasks_.empty()) {
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    } else if (timers_.FireDue(clock_.Now(), 1).count == 0) {
      return;
    }
    DropReleased();
  }
}

void SimulatedAgent::Kill() {
  if (core_ == nullptr) return;
  BreakStream(std::chrono::microseconds(100));
  core_.reset();
  tasks_.clear();
  paused_until_ = Nanos::zero();
  Bury();
}

// Scripts' fibers are ended in an orderly way: that is for us, not for anybody in the simulated world.
void SimulatedAgent::Bury() {
  core_.reset();
  tasks_.clear();
  for (const auto& run : runs_) run->Release();
  while (!runs_.empty() && timers_.next()) {
    timers_.FireDue(std::max(clock_.Now(), *timers_.next()), 1);
    std::erase_if(runs_, [](const auto& run) { return run->released(); });
  }
  std::fill(std::begin(vus_active_), std::end(vus_active_), 0);
}

void SimulatedAgent::DropReleased() {
  if (runs_.empty() || core_ == nullptr) return;
  if (!std::all_of(runs_.begin(), runs_.end(), [](const auto& run) { return run->released(); })) {
    return;
  }
  const std::string run_id = runs_.front()->run_id();
  runs_.clear();
  std::fill(std::begin(vus_active_), std::end(vus_active_), 0);
  for (uint32_t worker = 0; worker < kWorkers; ++worker) {
    OnWorkerEvent({worker, run_id, agent::WorkerReleased{}});
  }
}

void SimulatedAgent::OnWorkerEvent(agent::WorkerEvent event) {
  if (core_ == nullptr) return;
  if (const auto* delta = std::get_if<agent::WorkerDelta>(&event.event)) {
    vus_active_[event.worker] = delta->health.vus_active;
  }
  setting_.observe(*this, event);
  tasks_.push_back([this, event = std::move(event)] { core_->OnEvent(event); });
}

void SimulatedAgent::ForEach(std::function<void(agent::SliceRun&)> what) {
  tasks_.push_back([this, what = std::move(what)] {
    for (const auto& run : runs_) what(*run);
  });
}

void SimulatedAgent::Prepare(std::shared_ptr<const agent::RunSpec> spec) {
  tasks_.push_back([this, spec = std::move(spec)] {
    for (uint32_t worker = 0; worker < kWorkers; ++worker) {
      runs_.push_back(std::make_unique<agent::SliceRun>(
          io_, clock_, timers_, spec, worker, kWorkers, nullptr, interrupt_,
          [this](agent::WorkerEvent event) { OnWorkerEvent(std::move(event)); }));
      runs_.back()->Prepare();
    }
  });
}

void SimulatedAgent::StartRun(Nanos start, std::string setup_json) {
  setting_.on_start(*this, clock_.TrueTime(start));
  ForEach([start, setup_json](agent::SliceRun& run) { run.Start(start, setup_json); });
}

void SimulatedAgent::Scale(std::string scenario, int64_t vus) {
  ForEach([scenario, vus](agent::SliceRun& run) { run.Scale(scenario, vus); });
}

void SimulatedAgent::Adopt(std::vector<Part> parts) {
  ForEach([parts](agent::SliceRun& run) {
    for (const Part& part : parts) run.Adopt(part);
  });
}

void SimulatedAgent::Cede(std::vector<Slice> slices, Nanos from) {
  ForEach([slices, from](agent::SliceRun& run) { run.Cede(slices, from); });
}

void SimulatedAgent::ChangeRate(std::string scenario, int64_t rate, Nanos from) {
  ForEach([scenario, rate, from](agent::SliceRun& run) { run.ChangeRate(scenario, rate, from); });
}

void SimulatedAgent::Stop(bool graceful) {
  ForEach([graceful](agent::SliceRun& run) { run.Stop(graceful); });
}

void SimulatedAgent::Release() {
  ForEach([](agent::SliceRun& run) { run.Release(); });
}

void SimulatedAgent::RunPhase(agent::PhaseKind kind, std::string data_json) {
  tasks_.push_back([this, kind, data_json] {
    if (!runs_.empty()) runs_.front()->RunPhase(kind, data_json);
  });
}

}  // namespace kload::simulation
