#include "agent/link/link.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "agent/link/grpc_stream.h"
#include "agent/vu/timer_loop.h"
#include "common/base/log.h"

namespace kload::agent {

namespace asio = boost::asio;

struct Link::Impl {
  Impl(LinkCore::Options link_options, Dial link_dial, const Clock& system_clock)
      : options(std::move(link_options)), dial(std::move(link_dial)), clock(system_clock) {}

  void Begin(Crew& crew);
  void Run();

  // Set at construction.
  const LinkCore::Options options;
  const Dial dial;
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
  TimerQueue timers;
  TimerLoop timer_loop{io, clock, timers};
  ProcessMeter meter;
  std::optional<LinkCore> core;
};

void Link::Impl::Begin(Crew& crew) {
  core.emplace(
      options,
      LinkCore::World{
          .clock = clock,
          .timers = timers,
          .crew = crew,
          .dial =
              [this](StreamListener& listener) { return GrpcStream::Open(dial(), io, listener); },
          .post = [this](std::function<void()> work) { asio::post(io, std::move(work)); },
          .measure = [this](Nanos now) { return meter.Measure(now); },
          .on_end = [this](absl::Status status) { end.set_value(std::move(status)); },
          .on_closed =
              [this] {
                guard.reset();
                timer_loop.End();
              }});
  asio::post(io, [this] { core->Open(); });
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

Link::Link(LinkCore::Options options, Dial dial, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(dial), clock)) {}

Link::~Link() { Shutdown(); }

void Link::Start(Crew& crew) { impl_->Begin(crew); }

void Link::Post(WorkerEvent event) {
  asio::post(impl_->io, [self = impl_.get(), event = std::move(event)]() mutable {
    if (self->core) self->core->OnEvent(std::move(event));
  });
}

absl::Status Link::Wait() { return impl_->ended.get(); }

void Link::Shutdown() {
  const std::lock_guard<std::mutex> lock(impl_->joining);
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [self = impl_.get()] { self->core->Leave(); });
  impl_->thread.join();
}

}  // namespace kload::agent
