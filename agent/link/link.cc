#include "agent/link/link.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "agent/link/health.h"
#include "agent/link/outgoing.h"
#include "agent/link/run_session.h"
#include "agent/link/stall_watch.h"
#include "agent/link/uplink.h"
#include "common/base/duration.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/spool/spool.h"

namespace kload::agent {

namespace asio = boost::asio;

namespace {

constexpr uint32_t kProtocol = 1;
// Until the controller says how often it wants to hear of its agents.
constexpr Nanos kPulse = std::chrono::seconds(1);

v1::Hello HelloOf(const Link::Options& options, uint32_t threads) {
  v1::Hello hello;
  hello.set_name(options.name);
  hello.set_incarnation(options.incarnation);
  hello.set_protocol(kProtocol);
  hello.set_version(options.version);
  hello.set_threads(threads);
  return hello;
}

// Null when it cannot be made, which is said.
std::unique_ptr<SpoolWriter> MakeSpool(const Link::Options& options, const v1::Prepare& order) {
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

struct Link::Impl final : UplinkListener {
  Impl(Options link_options, const Clock& system_clock)
      : options(std::move(link_options)), clock(system_clock) {}

  void Begin(Crew& workers);
  void Run();
  void Leave();
  void OnEvent(WorkerEvent event);
  void Settle(const absl::Status& status);

  // What the controller does, see UplinkListener.
  void OnUp(Nanos heartbeat_interval) override;
  void OnOrder(const v1::ControllerMessage& order) override;
  void OnDown() override { GoOnLeaving(); }
  void OnRefused(absl::Status why) override;
  void OnClosed() override { guard.reset(); }

  void OnPing(const v1::Ping& ping);
  void OnPrepare(const v1::Prepare& order);
  void OnRelease(const std::string& run_id);
  RunSession* SessionOf(const std::string& run_id);

  void BeginSession(const v1::Prepare& order);
  void EndReleasedSession();
  void ArmPulse();
  void Pulse();
  void WatchForOrphan(Nanos now);
  void WatchForStall(Nanos now);
  void StopEarly(const std::string& why);
  void GoOnLeaving();

  // Set at construction.
  const Options options;
  const Clock& clock;
  asio::io_context io{1};
  std::promise<absl::Status> end;
  const std::shared_future<absl::Status> ended{end.get_future()};
  // Shutdown() may be called by several threads at once and must not return to any of them before the thread is joined.
  std::mutex joining;
  std::thread thread;

  // Owned by the link's thread.
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard{
      io.get_executor()};
  asio::steady_timer pulse{io};
  asio::steady_timer leave_timer{io};
  Crew* crew = nullptr;
  Outgoing outgoing;
  std::unique_ptr<Uplink> uplink;
  std::unique_ptr<RunSession> session;
  uint64_t session_number = 0;  // tells a compiled script of an earlier session from this one's
  std::optional<v1::Prepare> queued;  // begins when the session before is released
  CpuMeter cpu;
  StallWatch stall;
  ThrottleMeter throttle;
  const double cores = UsableCores();
  Nanos pulse_interval = kPulse;
  Nanos last_word{0};  // steady time: until then the controller was known to care for the session
  bool orphaned = false;
  bool leaving = false;
  bool leave_now = false;  // the time to flush is over
  bool closing = false;    // the uplink is
  bool settled = false;    // `end` has its value
};

void Link::Impl::Begin(Crew& workers) {
  crew = &workers;
  uplink = std::make_unique<Uplink>(
      io, clock, Uplink::Options{options.where, options.dial, HelloOf(options, workers.size())},
      outgoing, *this);
  asio::post(io, [this] {
    last_word = clock.Now();
    uplink->Open();
    Pulse();
  });
  thread = std::thread([this] { Run(); });
}

void Link::Impl::Run() {
  try {
    io.run();
  } catch (const std::exception& e) {
    spdlog::critical("the link met an exception that nobody expected: {}", e.what());
    std::abort();
  }
}

void Link::Impl::Settle(const absl::Status& status) {
  if (!std::exchange(settled, true)) end.set_value(status);
}

// ---- The controller's words

void Link::Impl::OnUp(Nanos heartbeat_interval) {
  pulse_interval = heartbeat_interval;
  last_word = clock.Now();
  Pulse();
}

void Link::Impl::OnRefused(absl::Status why) {
  if (session != nullptr) session->Stop(false);
  Settle(why);
  GoOnLeaving();
}

void Link::Impl::OnOrder(const v1::ControllerMessage& order) {
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
        outgoing.Acknowledge(order.ack().run_id(), order.ack().sequence(), clock.Now());
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

void Link::Impl::OnPing(const v1::Ping& ping) {
  v1::Pong pong;
  pong.set_controller_ns(ping.controller_ns());
  pong.set_agent_ns(clock.Now().count());
  outgoing.Set(pong);
}

// Null when the order is for another run. What is said about the session's run shows that the controller cares for it.
RunSession* Link::Impl::SessionOf(const std::string& run_id) {
  if (session == nullptr || session->run_id() != run_id) {
    spdlog::debug("an order for run {} was ignored: this agent does not have it", run_id);
    return nullptr;
  }
  last_word = clock.Now();
  return session.get();
}

void Link::Impl::OnPrepare(const v1::Prepare& order) {
  if (leaving) return;
  if (session == nullptr) return BeginSession(order);
  if (session->run_id() == order.run_id() && !session->releasing()) return session->PrepareAgain();
  // Another run: for the controller the one at hand is over, even if its Release was lost.
  queued = order;
  session->Release();
  EndReleasedSession();
}

void Link::Impl::OnRelease(const std::string& run_id) {
  if (queued && queued->run_id() == run_id) queued.reset();
  if (session == nullptr || session->run_id() != run_id) return;
  session->RemoveSpool();
  session->Release();
  EndReleasedSession();
}

// ---- The run

void Link::Impl::BeginSession(const v1::Prepare& order) {
  spdlog::info("preparing run {}: part {} of {}", order.run_id(), order.slice().index() + 1,
               order.slice().count());
  session = std::make_unique<RunSession>(order.run_id(), *crew, outgoing);
  if (!options.spool_dir.empty()) session->SpoolTo(MakeSpool(options, order));
  orphaned = false;
  last_word = clock.Now();
  const uint64_t number = ++session_number;
  session->Prepare(order, [this, number](absl::StatusOr<RunSession::Script> script) {
    asio::post(io, [this, number, script = std::move(script)]() mutable {
      if (session == nullptr || session_number != number) return;
      session->OnCompiled(std::move(script));
      uplink->Pump();
    });
  });
}

void Link::Impl::EndReleasedSession() {
  if (session == nullptr || !session->released()) return;
  spdlog::info("run {} is over", session->run_id());
  outgoing.BeginRun("");
  session.reset();
  if (queued) BeginSession(*std::exchange(queued, std::nullopt));
}

void Link::Impl::OnEvent(WorkerEvent event) {
  if (session == nullptr) return;
  session->OnEvent(std::move(event));
  EndReleasedSession();
  uplink->Pump();
  GoOnLeaving();
}

// ---- Time

void Link::Impl::ArmPulse() {
  pulse.expires_after(pulse_interval);
  pulse.async_wait([this](const boost::system::error_code& error) {
    if (!error) Pulse();
  });
}

// Independent of the workers: a heartbeat says that the process lives, however busy they are.
void Link::Impl::Pulse() {
  if (closing) return;
  const Nanos now = clock.Now();
  WatchForStall(now);
  const double cpu_ratio = cpu.Measure(now);
  const uint64_t rss_bytes = ResidentBytes();
  if (session != nullptr) {
    session->NoteProcess({.cpu_ratio = cpu_ratio,
                          .rss_bytes = rss_bytes,
                          .cores = cores,
                          .stalled = stall.TakeWorst(),
                          .throttled_ratio = throttle.Measure(now)});
  }
  if (uplink->up()) {
    v1::Heartbeat heartbeat;
    heartbeat.set_cpu_ratio(cpu_ratio);
    heartbeat.set_rss_bytes(rss_bytes);
    if (session != nullptr && !session->releasing()) heartbeat.set_run_id(session->run_id());
    outgoing.Set(std::move(heartbeat));
    uplink->Pump();
    const std::optional<Nanos> owed = outgoing.owed_since();
    if (owed && now - *owed > options.ack_timeout) {
      uplink->Drop("it does not acknowledge what it is sent");
    }
  }
  WatchForOrphan(now);
  ArmPulse();
}

// A load is acknowledged every second, so silence about it counts. Setup and teardown may take long without a word:
// they are orphans only without a connection.
void Link::Impl::WatchForOrphan(Nanos now) {
  if (session == nullptr || !session->busy() || (uplink->up() && !session->loading())) {
    last_word = now;
    return;
  }
  if (orphaned || now - last_word < options.orphan_after) return;
  orphaned = true;
  StopEarly("the controller was away for " + FormatDuration(options.orphan_after));
}

void Link::Impl::WatchForStall(Nanos now) {
  const Nanos stalled = stall.Tick(now, pulse_interval);
  // Certainly lost: three missed heartbeats, and half of one for clocks and ticks.
  if (!options.fences || stalled < pulse_interval * 5 / 2) return;
  if (session == nullptr || !session->loading()) return;
  StopEarly(fmt::format("this process did not run for {}, and others do its part",
                        FormatDuration(std::chrono::floor<std::chrono::milliseconds>(stalled))));
}

void Link::Impl::StopEarly(const std::string& why) {
  spdlog::error("the load of run {} is stopped early: {}", session->run_id(), why);
  v1::LogLine line;
  line.set_level(v1::LogLine::ERROR);
  line.set_text("the load was stopped early: " + why);
  line.set_source("kload");
  line.set_run_id(session->run_id());
  line.set_unix_ns(clock.UnixNow().count());
  outgoing.Add(std::move(line));
  session->Stop(false);
}

// ---- The end

void Link::Impl::Leave() {
  if (std::exchange(leaving, true)) return;
  Settle(absl::OkStatus());
  queued.reset();
  if (session != nullptr && session->loading()) outgoing.SetLeaving(session->run_id());
  if (session != nullptr) session->CutShort();
  leave_timer.expires_after(options.flush_timeout);
  leave_timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    leave_now = true;
    GoOnLeaving();
  });
  GoOnLeaving();
}

// Closes the uplink once nothing is left that it could still take.
void Link::Impl::GoOnLeaving() {
  if (!leaving || closing) return;
  const bool measuring = session != nullptr && !session->releasing() && session->busy();
  // Without a controller the last samples go into the spool, where there is one.
  if (!leave_now && measuring && (uplink->up() || session->spools())) return;
  if (!leave_now && uplink->up() && !outgoing.flushed()) return;
  if (uplink->up() && !outgoing.flushed()) {
    spdlog::warn("the controller did not take all of the last samples within {}",
                 FormatDuration(options.flush_timeout));
  }
  closing = true;
  pulse.cancel();
  leave_timer.cancel();
  uplink->Close();
}

// ---- Link

Link::Link(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}

Link::~Link() { Shutdown(); }

void Link::Start(Crew& crew) { impl_->Begin(crew); }

void Link::Post(WorkerEvent event) {
  asio::post(impl_->io, [self = impl_.get(), event = std::move(event)]() mutable {
    self->OnEvent(std::move(event));
  });
}

absl::Status Link::Wait() { return impl_->ended.get(); }

void Link::Shutdown() {
  const std::lock_guard<std::mutex> lock(impl_->joining);
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [self = impl_.get()] { self->Leave(); });
  impl_->thread.join();
}

}  // namespace kload::agent
