#include "agent/link/link_core.h"

#include <fmt/format.h>

#include <utility>

#include "common/base/duration.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/spool/spool.h"

namespace kload::agent {
namespace {

constexpr uint32_t kProtocol = 1;
// Until the controller says how often it wants to hear of its agents.
constexpr Nanos kPulse = std::chrono::seconds(1);

v1::Hello HelloOf(const LinkCore::Options& options, uint32_t threads) {
  v1::Hello hello;
  hello.set_name(options.name);
  hello.set_incarnation(options.incarnation);
  hello.set_protocol(kProtocol);
  hello.set_version(options.version);
  hello.set_threads(threads);
  return hello;
}

// Null when it cannot be made, which is said.
std::unique_ptr<SpoolWriter> MakeSpool(const LinkCore::Options& options, const v1::Prepare& order) {
  v1::SpoolHeader header;
  header.set_run_id(order.run_id());
  *header.mutable_header() = order.header();
  *header.mutable_plan() = order.plan();
  header.set_agent(options.name);
  header.set_incarnation(options.incarnation);
  auto spool = SpoolWriter::Create(options.spool_dir, header);
  if (spool.ok()) return *std::move(spool);
  spdlog::error("run {} has no spool: {}", order.run_id(), Message(spool.status()));
  return nullptr;
}

}  // namespace

LinkCore::LinkCore(Options options, World world)
    : options_(std::move(options)),
      world_(std::move(world)),
      clock_(world_.clock),
      pulse_(world_.timers, [this] { Pulse(); }),
      leave_timer_(world_.timers,
                   [this] {
                     leave_now_ = true;
                     GoOnLeaving();
                   }),
      uplink_(world_.clock, world_.timers,
              {options_.where, world_.dial, HelloOf(options_, world_.crew.size()), options_.seed},
              outgoing_, *this),
      pulse_interval_(kPulse) {}

LinkCore::~LinkCore() = default;

void LinkCore::Open() {
  last_word_ = clock_.Now();
  uplink_.Open();
  Pulse();
}

void LinkCore::Settle(const absl::Status& status) {
  if (!std::exchange(settled_, true)) world_.on_end(status);
}

// ---- The controller's words

void LinkCore::OnUp(Nanos heartbeat_interval) {
  pulse_interval_ = heartbeat_interval;
  last_word_ = clock_.Now();
  Pulse();
}

void LinkCore::OnRefused(absl::Status why) {
  if (session_ != nullptr) session_->Stop(false);
  Settle(why);
  GoOnLeaving();
}

void LinkCore::OnOrder(const v1::ControllerMessage& order) {
  using Message = v1::ControllerMessage;
  switch (order.message_case()) {
    case Message::kPing:
      return OnPing(order.ping());
    case Message::kPrepare:
      return OnPrepare(order.prepare());
    case Message::kSetup:
      if (RunSession* run = SessionOf(order.setup().run_id())) {
        run->RunPhase(PhaseKind::kSetup, order.setup().data_json());
      }
      return;
    case Message::kStart:
      if (RunSession* run = SessionOf(order.start().run_id())) {
        run->Start(Nanos(order.start().start_agent_ns()), order.start().setup_json());
      }
      return;
    case Message::kAck:
      if (SessionOf(order.ack().run_id()) != nullptr) {
        outgoing_.Acknowledge(order.ack().run_id(), order.ack().sequence(), clock_.Now());
        GoOnLeaving();
      }
      return;
    case Message::kScale:
      if (RunSession* run = SessionOf(order.scale().run_id())) {
        run->Scale(order.scale());
      }
      return;
    case Message::kStop:
      if (RunSession* run = SessionOf(order.stop().run_id())) run->Stop(order.stop().graceful());
      return;
    case Message::kTeardown:
      if (RunSession* run = SessionOf(order.teardown().run_id())) {
        run->RunPhase(PhaseKind::kTeardown, order.teardown().data_json());
      }
      return;
    case Message::kRelease:
      return OnRelease(order.release().run_id());
    case Message::kAdopt:
      if (RunSession* run = SessionOf(order.adopt().run_id())) run->Adopt(order.adopt());
      return;
    case Message::kCede:
      if (RunSession* run = SessionOf(order.cede().run_id())) run->Cede(order.cede());
      return;
    case Message::kWelcome:
    case Message::
        MESSAGE_NOT_SET:  // also what a newer controller may say and this agent does not know
      return;
  }
}

void LinkCore::OnPing(const v1::Ping& ping) {
  v1::Pong pong;
  pong.set_controller_ns(ping.controller_ns());
  pong.set_agent_ns(clock_.Now().count());
  outgoing_.Set(pong);
}

// Null when the order is for another run. What is said about the session's run shows that the controller cares for it.
RunSession* LinkCore::SessionOf(const std::string& run_id) {
  if (session_ == nullptr || session_->run_id() != run_id) {
    spdlog::debug("an order for run {} was ignored: this agent does not have it", run_id);
    return nullptr;
  }
  last_word_ = clock_.Now();
  return session_.get();
}

void LinkCore::OnPrepare(const v1::Prepare& order) {
  if (leaving_) return;
  if (session_ == nullptr) return BeginSession(order);
  if (session_->run_id() == order.run_id() && !session_->releasing())
    return session_->PrepareAgain();
  // Another run: for the controller the one at hand is over, even if its Release was lost.
  queued_ = order;
  session_->Release();
  EndReleasedSession();
}

void LinkCore::OnRelease(const std::string& run_id) {
  if (queued_ && queued_->run_id() == run_id) queued_.reset();
  if (session_ == nullptr || session_->run_id() != run_id) return;
  session_->RemoveSpool();
  session_->Release();
  EndReleasedSession();
}

// ---- The run

void LinkCore::BeginSession(const v1::Prepare& order) {
  spdlog::info("preparing run {}: part {} of {}", order.run_id(), order.slice().index() + 1,
               order.slice().count());
  session_ = std::make_unique<RunSession>(order.run_id(), world_.crew, outgoing_, options_.allow);
  if (!options_.spool_dir.empty()) session_->SpoolTo(MakeSpool(options_, order));
  orphaned_ = false;
  last_word_ = clock_.Now();
  const uint64_t number = ++session_number_;
  session_->Prepare(order, [this, number](absl::StatusOr<RunSession::Script> script) {
    world_.post([this, number, script = std::move(script)]() mutable {
      if (session_ == nullptr || session_number_ != number) return;
      session_->OnCompiled(std::move(script));
      uplink_.Pump();
    });
  });
}

void LinkCore::EndReleasedSession() {
  if (session_ == nullptr || !session_->released()) return;
  spdlog::info("run {} is over", session_->run_id());
  outgoing_.BeginRun("");
  session_.reset();
  if (queued_) BeginSession(*std::exchange(queued_, std::nullopt));
}

void LinkCore::OnEvent(WorkerEvent event) {
  if (session_ == nullptr) return;
  session_->OnEvent(std::move(event));
  EndReleasedSession();
  uplink_.Pump();
  GoOnLeaving();
}

// ---- Time

// Independent of the workers: a heartbeat says that the process lives, however busy they are.
void LinkCore::Pulse() {
  if (closing_) return;
  const Nanos now = clock_.Now();
  WatchForStall(now);
  ProcessHealth process = world_.measure(now);
  process.stalled = stall_.TakeWorst();
  if (session_ != nullptr) session_->NoteProcess(process);
  if (uplink_.up()) {
    v1::Heartbeat heartbeat;
    heartbeat.set_cpu_ratio(process.cpu_ratio);
    heartbeat.set_rss_bytes(process.rss_bytes);
    if (session_ != nullptr && !session_->releasing()) heartbeat.set_run_id(session_->run_id());
    outgoing_.Set(std::move(heartbeat));
    uplink_.Pump();
    const std::optional<Nanos> owed = outgoing_.owed_since();
    if (owed && now - *owed > options_.ack_timeout) {
      uplink_.Drop("it does not acknowledge what it is sent");
    }
  }
  WatchForOrphan(now);
  pulse_.Arm(now + pulse_interval_);
}

// A load is acknowledged every second, so silence about it counts. Setup and teardown may take long without a word:
// they are orphans only without a connection.
void LinkCore::WatchForOrphan(Nanos now) {
  if (session_ == nullptr || !session_->busy() || (uplink_.up() && !session_->loading())) {
    last_word_ = now;
    return;
  }
  if (orphaned_ || now - last_word_ < options_.orphan_after) return;
  orphaned_ = true;
  StopEarly("the controller was away for " + FormatDuration(options_.orphan_after));
}

void LinkCore::WatchForStall(Nanos now) {
  const Nanos stalled = stall_.Tick(now, pulse_interval_);
  // Certainly lost: three missed heartbeats, and half of one for clocks and ticks.
  if (!options_.fences || stalled < pulse_interval_ * 5 / 2) return;
  if (session_ == nullptr || !session_->loading()) return;
  StopEarly(fmt::format("this process did not run for {}, and others do its part",
                        FormatDuration(std::chrono::floor<std::chrono::milliseconds>(stalled))));
}

void LinkCore::StopEarly(const std::string& why) {
  spdlog::error("the load of run {} is stopped early: {}", session_->run_id(), why);
  v1::LogLine line;
  line.set_level(v1::LogLine::ERROR);
  line.set_text("the load was stopped early: " + why);
  line.set_source("kload");
  line.set_run_id(session_->run_id());
  line.set_unix_ns(clock_.UnixNow().count());
  outgoing_.Add(std::move(line));
  session_->Stop(false);
}

// ---- The end

void LinkCore::Leave() {
  if (std::exchange(leaving_, true)) return;
  Settle(absl::OkStatus());
  queued_.reset();
  if (session_ != nullptr && session_->loading()) outgoing_.SetLeaving(session_->run_id());
  if (session_ != nullptr) session_->CutShort();
  leave_timer_.Arm(clock_.Now() + options_.flush_timeout);
  GoOnLeaving();
}

// Closes the uplink once nothing is left that it could still take.
void LinkCore::GoOnLeaving() {
  if (!leaving_ || closing_) return;
  const bool measuring = session_ != nullptr && !session_->releasing() && session_->busy();
  // Without a controller the last samples go into the spool, where there is one.
  if (!leave_now_ && measuring && (uplink_.up() || session_->spools())) return;
  if (!leave_now_ && uplink_.up() && !outgoing_.flushed()) return;
  if (uplink_.up() && !outgoing_.flushed()) {
    spdlog::warn("the controller did not take all of the last samples within {}",
                 FormatDuration(options_.flush_timeout));
  }
  closing_ = true;
  pulse_.Cancel();
  leave_timer_.Cancel();
  uplink_.Close();
}

}  // namespace kload::agent
