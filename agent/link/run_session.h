// One run at this agent, from Prepare to Release: passes the controller's orders to the workers, gathers what they tell
// and answers.
//
// Data path: v1 orders -> RunSession -> Crew; WorkerEvents -> RunSession -> Outgoing.
// Thread:    the link's; no I/O, no clock.
// Rule:      an order that comes again (the controller repeats itself after a reconnect) is not carried out twice; if
//            its answer is known, it is given again.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/link/crew.h"
#include "agent/link/delta_merger.h"
#include "agent/link/health.h"
#include "agent/link/outgoing.h"
#include "common/k6/script.h"
#include "common/net/allow_list.h"
#include "common/spool/spool.h"
#include "kload/v1/cluster.pb.h"

namespace kload::agent {

class RunSession {
 public:
  using Script = std::shared_ptr<const k6::CompiledScript>;
  // Takes what compiling gave; called once, on a worker's thread.
  using CompiledSink = std::function<void(absl::StatusOr<Script>)>;

  // `allow`: where the agent may send to.
  RunSession(std::string run_id, Crew& crew, Outgoing& outgoing, AllowList allow = {});

  // Decodes and checks the order and has a worker compile the script; Prepared follows, sooner or later.
  // `compiled` brings the result back to OnCompiled().
  void Prepare(const v1::Prepare& order, CompiledSink compiled);
  // The order came again.
  void PrepareAgain();
  void OnCompiled(absl::StatusOr<Script> script);

  void RunPhase(PhaseKind kind, std::string data_json);
  // `start` is steady time.
  void Start(Nanos start, std::string setup_json);
  void Scale(const v1::Scale& order);
  // Further parts, and parts that go to others. Each epoch's is carried out once.
  void Adopt(const v1::Adopt& order);
  void Cede(const v1::Cede& order);
  void Stop(bool graceful);
  // The agent goes away: iterations are interrupted. The last delta will not say that it is final, since
  // the plan is not fulfilled: the controller has to see that it lost an agent.
  void CutShort();
  // Every delta goes into the file, too; null: none.
  void SpoolTo(std::unique_ptr<SpoolWriter> spool) { spool_ = std::move(spool); }
  bool spools() const { return spool_ != nullptr; }
  // The controller has everything.
  void RemoveSpool();
  // Lets the workers forget the run; released() follows.
  void Release();

  void OnEvent(WorkerEvent event);
  // Goes into the deltas from now on.
  void NoteProcess(const ProcessHealth& process);

  const std::string& run_id() const { return run_id_; }
  bool releasing() const { return stage_ >= Stage::kReleasing; }
  bool released() const { return stage_ == Stage::kReleased; }
  // The load was started and has not ended.
  bool loading() const { return started_ && !merger_.ended(); }
  // Anything of the script may be running that leaves samples.
  bool busy() const { return loading() || setup_.running() || teardown_.running(); }

 private:
  enum class Stage { kCompiling, kPreparing, kReady, kFailed, kReleasing, kReleased };
  struct PhaseState {
    bool begun = false;
    std::optional<v1::PhaseDone> done;
    bool running() const { return begun && !done; }
  };

  absl::Status Decode(const v1::Prepare& order, k6::Bundle& bundle);
  // What leaves this agent as text holds no secrets.
  std::string Redact(std::string text) const;
  void Answer(const absl::Status& status);
  void Answer(PhaseKind kind);
  PhaseState& StateOf(PhaseKind kind) { return kind == PhaseKind::kSetup ? setup_ : teardown_; }

  void On(WorkerPrepared event);
  void On(PhaseEnded event);
  void On(WorkerDelta event);
  void On(WorkerSamples event);
  void On(LogRecord event);
  void On(TestCallRecord event);
  void On(WorkerReleased event);
  void Send(Delta delta);

  const std::string run_id_;
  Crew& crew_;
  Outgoing& outgoing_;
  const AllowList allow_;
  std::shared_ptr<RunSpec> spec_;
  std::shared_ptr<const k6::Secrets> secrets_;
  DeltaMerger merger_;
  Stage stage_ = Stage::kCompiling;
  bool on_workers_ = false;  // they know of the run
  uint32_t prepared_ = 0;    // workers
  uint32_t released_ = 0;    // likewise
  uint32_t delta_of_ = 0;    // worker whose event is at hand
  std::optional<v1::Prepared> answer_;
  PhaseState setup_;
  PhaseState teardown_;
  bool started_ = false;
  std::set<uint64_t> adopted_;  // epochs
  std::set<uint64_t> ceded_;
  bool cut_short_ = false;
  ProcessHealth process_;
  std::unique_ptr<SpoolWriter> spool_;
};

}  // namespace kload::agent
