// One agent's process: the real LinkCore and the real SliceRuns with QuickJS, in virtual time.
//
// Data path: Connection -> LinkCore -> SliceRun -> LinkCore -> Connection; what its workers measure also -> Observer.
// Thread:    the world's. Where a real agent posts from thread to thread, a task waits for its turn here.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/crew.h"
#include "agent/link/link_core.h"
#include "agent/vu/timer_queue.h"
#include "agent/worker/slice_run.h"
#include "tests/simulation/network.h"
#include "tests/simulation/virtual_time.h"

namespace kload::simulation {

class SimulatedAgent final : private agent::Crew {
 public:
  static constexpr uint32_t kWorkers = 2;

  struct Setting {
    VirtualTime& time;
    std::mt19937_64& random;
    Path& path;
    Acceptor& acceptor;
    std::string spool_dir;  // empty: none
    Nanos orphan_after;
    // Everything that workers tell, before anything of it can be lost.
    std::function<void(const SimulatedAgent&, const agent::WorkerEvent&)> observe;
    std::function<void(const SimulatedAgent&, Nanos true_time)> on_start;
  };
  SimulatedAgent(Setting setting, std::string name, std::string incarnation, HostClock clock);
  ~SimulatedAgent() override;

  // When it has something to do, in true time.
  std::optional<Nanos> next() const;
  // Does what is due.
  void Step();
  // SIGKILL.
  void Kill();
  // SIGTERM.
  void Leave() {
    if (core_ != nullptr) core_->Leave();
  }
  // SIGSTOP, and SIGCONT at that true time.
  void PauseUntil(Nanos when) { paused_until_ = when; }
  // Breaks its stream; the controller notices `later`.
  void BreakStream(Nanos later);

  const std::string& name() const { return name_; }
  const std::string& incarnation() const { return incarnation_; }
  bool alive() const { return core_ != nullptr; }
  bool paused() const { return setting_.time.now() < paused_until_; }
  // VUs that iterate now.
  int64_t vus_active() const { return vus_active_[0] + vus_active_[1]; }

 private:
  class Ear;

  // What the link wants of the workers.
  uint32_t size() const override { return kWorkers; }
  void Prepare(std::shared_ptr<const agent::RunSpec> spec) override;
  void StartRun(Nanos start, std::string setup_json) override;
  void Scale(std::string scenario, int64_t vus) override;
  void Adopt(std::vector<Part> parts) override;
  void Cede(std::vector<Slice> slices, Nanos from) override;
  void ChangeRate(std::string scenario, int64_t rate, Nanos from) override;
  void Stop(bool graceful) override;
  void Release() override;
  void RunPhase(agent::PhaseKind kind, std::string data_json) override;
  void Execute(std::function<void()> work) override { tasks_.push_back(std::move(work)); }

  void ForEach(std::function<void(agent::SliceRun&)> what);
  void OnWorkerEvent(agent::WorkerEvent event);
  std::unique_ptr<agent::Stream> Dial(agent::StreamListener& listener);
  void DropReleased();
  void Bury();

  const Setting setting_;
  const std::string name_;
  const std::string incarnation_;
  const HostClock clock_;
  boost::asio::io_context io_;  // nobody is spoken to
  std::atomic<bool> interrupt_{false};
  agent::TimerQueue timers_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::unique_ptr<agent::SliceRun>> runs_;  // of each worker, or none
  std::unique_ptr<agent::LinkCore> core_;               // null: the process is no more
  std::unique_ptr<Ear> ear_;
  std::weak_ptr<Connection> connection_;
  Nanos paused_until_{0};
  int64_t vus_active_[kWorkers] = {};
};

}  // namespace kload::simulation
