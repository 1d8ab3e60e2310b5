// The controller's process: the real Core with its store on disk, in virtual time.
//
// Data path: Connection -> AgentDecoder -> Core -> Connection.
// Thread:    the world's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "controller/core/core.h"
#include "controller/link/agent_decoder.h"
#include "tests/simulation/network.h"
#include "tests/simulation/virtual_time.h"

namespace kload::simulation {

class SimulatedController final : public Acceptor {
 public:
  struct Faults {
    double duplicated = 0;  // share of deltas that arrive twice
  };
  struct Observe {
    // What the core is about to be told.
    std::function<void(const std::string& incarnation, const Delta&)> delta;
    // What it has told.
    std::function<void(const std::string& incarnation, uint64_t sequence)> acknowledged;
  };
  // `data_dir`: of the store; empty: in memory.
  SimulatedController(VirtualTime& time, std::mt19937_64& random, HostClock clock,
                      std::string data_dir, Faults faults, Observe observe);
  ~SimulatedController() override;

  // Another process begins, with what the one before has made durable.
  void Start();
  // SIGKILL.
  void Kill();
  // SIGSTOP, and SIGCONT at that true time.
  void PauseUntil(Nanos when) { paused_until_ = when; }

  bool up() const { return core_ != nullptr; }
  bool paused() const { return time_.now() < paused_until_; }
  controller::Core& core() { return *core_; }
  const HostClock& clock() const { return clock_; }

  bool listening() const override { return up(); }
  uint64_t epoch() const override { return epoch_; }
  uint64_t Open(std::shared_ptr<Sink> sink) override;
  void Take(uint64_t stream, v1::AgentMessage message) override;
  void Closed(uint64_t stream) override;

 private:
  class CoreStream;
  struct Stream {
    std::shared_ptr<Sink> sink;
    controller::AgentDecoder decoder;
    std::string incarnation;  // empty: its first message is to come
  };

  // Does it now, or when the process runs again.
  void WhenRunning(std::function<void()> what);
  void TakeNow(uint64_t number, v1::AgentMessage message);
  void Tick(uint64_t epoch);

  VirtualTime& time_;
  std::mt19937_64& random_;
  const HostClock clock_;
  const std::string data_dir_;
  const Faults faults_;
  const Observe observe_;
  std::unique_ptr<controller::Core> core_;
  std::map<uint64_t, Stream> streams_;
  uint64_t last_stream_ = 0;
  uint64_t epoch_ = 0;
  Nanos paused_until_{0};
};

}  // namespace kload::simulation
