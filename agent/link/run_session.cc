#include "agent/link/run_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "common/wire/bundle_wire.h"
#include "common/wire/plan_wire.h"
#include "common/wire/sample_wire.h"

namespace kload::agent {
namespace {

void LogProblem(std::string_view what, const absl::Status& status) {
  spdlog::error("{} of the controller cannot be carried out: {}", what, Message(status));
}

constexpr size_t kTestCallMessageMax = 16 * 1024;

v1::LogLine::Level LevelOf(k6::LogLevel level) {
  switch (level) {
    case k6::LogLevel::kDebug:
      return v1::LogLine::DEBUG;
    case k6::LogLevel::kInfo:
      return v1::LogLine::INFO;
    case k6::LogLevel::kWarning:
      return v1::LogLine::WARNING;
    case k6::LogLevel::kError:
      return v1::LogLine::ERROR;
  }
  return v1::LogLine::INFO;
}

}  // namespace

RunSession::RunSession(std::string run_id, Crew& crew, Outgoing& outgoing, AllowList allow)
    : run_id_(std::move(run_id)),
      crew_(crew),
      outgoing_(outgoing),
      allow_(std::move(allow)),
      merger_(run_id_, crew.size()) {
  outgoing_.BeginRun(run_id_);
}

void RunSession::Prepare(const v1::Prepare& order, CompiledSink compiled) {
  auto bundle = std::make_shared<k6::Bundle>();
  if (const absl::Status decoded = Decode(order, *bundle); !decoded.ok()) return Answer(decoded);
  crew_.Execute(
      [bundle, compiled = std::move(compiled)] { compiled(k6::CompiledScript::Compile(*bundle)); });
}

absl::Status RunSession::Decode(const v1::Prepare& order, k6::Bundle& bundle) {
  spec_ = std::make_shared<RunSpec>();
  spec_->run_id = run_id_;
  spec_->figures = std::make_shared<RunFigures>(crew_.size());
  KLOAD_ASSIGN_OR_RETURN(bundle, wire::DecodeBundle(order.bundle()));
  KLOAD_ASSIGN_OR_RETURN(spec_->plan, wire::DecodePlan(order.plan()));
  KLOAD_ASSIGN_OR_RETURN(spec_->slice, wire::DecodeSlice(order.slice()));
  spec_->env.insert(order.env().begin(), order.env().end());
  std::vector<k6::SecretSource> sources;
  for (const v1::SecretSource& source : order.secret_sources()) {
    sources.push_back({source.name(), {source.values().begin(), source.values().end()}});
  }
  secrets_ = std::make_shared<const k6::Secrets>(std::move(sources));
  spec_->secrets = secrets_;
  spec_->samples = order.samples();
  spec_->allow = allow_;
  return absl::OkStatus();
}

std::string RunSession::Redact(std::string text) const {
  return secrets_ == nullptr ? text : secrets_->Redact(std::move(text));
}

void RunSession::PrepareAgain() {
  if (answer_) outgoing_.Set(*answer_);
}

void RunSession::OnCompiled(absl::StatusOr<Script> script) {
  if (stage_ != Stage::kCompiling) return;
  if (!script.ok()) return Answer(script.status());
  spec_->script = *std::move(script);
  stage_ = Stage::kPreparing;
  on_workers_ = true;
  crew_.Prepare(std::move(spec_));
}

// The first error decides: what other workers say after it adds nothing.
void RunSession::Answer(const absl::Status& status) {
  if (answer_) return;
  stage_ = status.ok() ? Stage::kReady : Stage::kFailed;
  answer_.emplace();
  answer_->set_run_id(run_id_);
  if (!status.ok()) {
    const std::string text = Message(status);
    answer_->set_error(Redact(text.empty() ? status.ToString() : text));
  }
  outgoing_.Set(*answer_);
}

void RunSession::RunPhase(PhaseKind kind, std::string data_json) {
  if (stage_ != Stage::kReady) return;
  PhaseState& state = StateOf(kind);
  if (state.done) return Answer(kind);
  if (std::exchange(state.begun, true)) return;
  crew_.RunPhase(kind, std::move(data_json));
}

void RunSession::Answer(PhaseKind kind) {
  if (kind == PhaseKind::kSetup) {
    outgoing_.SetSetupDone(*setup_.done);
  } else {
    outgoing_.SetTeardownDone(*teardown_.done);
  }
}

void RunSession::Start(Nanos start, std::string setup_json) {
  if (stage_ != Stage::kReady || std::exchange(started_, true)) return;
  crew_.StartRun(start, std::move(setup_json));
}

void RunSession::Scale(const v1::Scale& order) {
  if (!on_workers_ || releasing()) return;
  if (order.has_vus()) crew_.Scale(order.scenario(), order.vus());
  // A rate that comes again changes nothing.
  if (order.rate() > 0) crew_.ChangeRate(order.scenario(), order.rate(), Nanos(order.from_ns()));
}

void RunSession::Adopt(const v1::Adopt& order) {
  if (!on_workers_ || releasing() || adopted_.count(order.epoch()) > 0) return;
  std::vector<Part> parts;
  for (const v1::Part& each : order.parts()) {
    absl::StatusOr<Part> part = wire::DecodePart(each);
    if (!part.ok()) return LogProblem("an order to run a further part", part.status());
    parts.push_back(*std::move(part));
  }
  adopted_.insert(order.epoch());
  merger_.Reopen(parts.size());
  crew_.Adopt(std::move(parts));
}

void RunSession::Cede(const v1::Cede& order) {
  if (!on_workers_ || releasing() || ceded_.count(order.epoch()) > 0) return;
  std::vector<Slice> slices;
  for (const v1::Slice& each : order.slices()) {
    absl::StatusOr<Slice> slice = wire::DecodeSlice(each);
    if (!slice.ok()) return LogProblem("an order to give up a part", slice.status());
    slices.push_back(*slice);
  }
  ceded_.insert(order.epoch());
  crew_.Cede(std::move(slices), Nanos(order.from_ns()));
}

void RunSession::Stop(bool graceful) {
  if (on_workers_ && !releasing()) crew_.Stop(graceful);
}

void RunSession::CutShort() {
  cut_short_ = loading();
  Stop(false);
}

void RunSession::Release() {
  if (releasing()) return;
  stage_ = on_workers_ ? Stage::kReleasing : Stage::kReleased;
  if (on_workers_) crew_.Release();
}

void RunSession::RemoveSpool() {
  if (spool_ != nullptr) spool_->Remove();
  spool_.reset();
}

void RunSession::OnEvent(WorkerEvent event) {
  if (event.run_id != run_id_) return;
  delta_of_ = event.worker;
  std::visit([this](auto& which) { On(std::move(which)); }, event.event);
}

void RunSession::NoteProcess(const ProcessHealth& process) {
  // The worst since the last delta.
  const Nanos stalled = std::max(process_.stalled, process.stalled);
  process_ = process;
  process_.stalled = stalled;
}

void RunSession::On(WorkerPrepared event) {
  if (stage_ != Stage::kPreparing) return;
  if (!event.status.ok()) return Answer(event.status);
  if (++prepared_ == crew_.size()) Answer(absl::OkStatus());
}

void RunSession::On(PhaseEnded event) {
  if (!event.series.empty()) Send(merger_.OfPhase(std::move(event.series)));
  v1::PhaseDone& done = StateOf(event.kind).done.emplace();
  done.set_run_id(run_id_);
  done.set_data_json(std::move(event.outcome.json));
  if (event.outcome.exit_code != 0) {
    done.mutable_failure()->set_exit_code(event.outcome.exit_code);
    done.mutable_failure()->set_message(Redact(std::move(event.outcome.message)));
  }
  Answer(event.kind);
}

void RunSession::On(WorkerDelta event) {
  for (Delta& delta : merger_.Add(delta_of_, std::move(event))) Send(std::move(delta));
}

void RunSession::On(WorkerSamples event) { outgoing_.Add(wire::EncodeSamples(event)); }

void RunSession::Send(Delta delta) {
  delta.health.cpu_ratio = process_.cpu_ratio;
  delta.health.rss_bytes = process_.rss_bytes;
  delta.health.cores = process_.cores;
  delta.health.cpu_throttled_ratio = process_.throttled_ratio;
  delta.health.stalled = std::exchange(process_.stalled, Nanos::zero());
  delta.final = delta.final && !cut_short_;
  if (spool_ != nullptr) {
    if (const absl::Status kept = spool_->Add(delta); !kept.ok()) {
      spdlog::error("the spool ends here, the load goes on: {}", Message(kept));
      spool_.reset();
    }
  }
  outgoing_.Add(std::move(delta));
}

void RunSession::On(LogRecord event) {
  v1::LogLine line;
  line.set_level(LevelOf(event.level));
  line.set_text(Redact(std::move(event.text)));
  line.set_source(std::move(event.source));
  line.set_run_id(run_id_);
  line.set_scenario(std::move(event.scenario));
  line.set_unix_ns(event.unix_time.count());
  outgoing_.Add(std::move(line));
}

void RunSession::On(TestCallRecord event) {
  v1::TestCall call;
  call.set_run_id(run_id_);
  call.set_kind(event.call == k6::TestCall::kAbort ? v1::TestCall::ABORT : v1::TestCall::FAIL);
  std::string message = Redact(std::move(event.message));
  CutUtf8(message, kTestCallMessageMax);
  call.set_message(std::move(message));
  outgoing_.Set(std::move(call));
  // The agent's other VUs need not wait for the controller's word.
  if (event.call == k6::TestCall::kAbort) Stop(false);
}

void RunSession::On(WorkerReleased) {
  if (stage_ == Stage::kReleasing && ++released_ == crew_.size()) stage_ = Stage::kReleased;
}

}  // namespace kload::agent
