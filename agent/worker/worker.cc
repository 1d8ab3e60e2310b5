#include "agent/worker/worker.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "agent/vu/timer_loop.h"
#include "agent/vu/timer_queue.h"
#include "agent/worker/sample_file.h"
#include "agent/worker/slice_run.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/status.h"

namespace kload::agent {

namespace asio = boost::asio;

// VUs whose sleep ends at one time send together.
struct Worker::Impl final : TimerQueue::Row {
  Impl(Options worker_options, const Clock& system_clock, WorkerEventSink event_sink)
      : options(std::move(worker_options)), clock(system_clock), sink(std::move(event_sink)) {}

  void Run();
  void OnTurn(const TimerQueue::Fired& fired);
  void BeforeTimer(bool more) override {
    if (run != nullptr) run->http().BeforeOne(more);
  }
  void AfterTimer() override {
    if (run != nullptr) run->http().AfterOne();
  }
  void AfterRow() override {
    if (run != nullptr) run->http().AfterAll();
  }
  void DropReleased();
  void Leave();
  void Close();
  template <typename Command>
  void Post(Command command) {
    asio::post(io, std::move(command));
  }
  // For commands that end scripts at once: a script that loops for ever would keep the thread from them.
  template <typename Command>
  void PostUrgent(Command command) {
    interrupt = true;
    Post([this, command = std::move(command)]() mutable {
      interrupt = false;
      command();
    });
  }

  // Set at construction.
  const Options options;
  const Clock& clock;
  const WorkerEventSink sink;
  std::unique_ptr<SampleFile> sample_file;
  // The one thing that other threads write here, see PostUrgent(): an atomic, as the worker's thread does not look at
  // its queue while a script runs.
  std::atomic<bool> interrupt{false};
  // Owned by the worker's thread.
  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard{
      io.get_executor()};
  TimerQueue timers;
  TimerLoop timer_loop{io, clock, timers, [this](const TimerQueue::Fired& fired) { OnTurn(fired); },
                       this};
  std::unique_ptr<SliceRun> run;
  bool leaving = false;
  std::thread thread;
};

void Worker::Impl::Run() {
  try {
    io.run();
  } catch (const std::exception& e) {
    spdlog::critical("worker {} met an exception that nobody expected: {}", options.index,
                     e.what());
    std::abort();
  }
}

void Worker::Impl::OnTurn(const TimerQueue::Fired& fired) {
  if (run != nullptr) run->NoteLateness(fired.worst_lateness);
  DropReleased();
}

void Worker::Impl::DropReleased() {
  if (run == nullptr || !run->released()) return;
  const std::string run_id = run->run_id();
  run.reset();
  sink({options.index, run_id, WorkerReleased{}});
  if (leaving) Close();
}

void Worker::Impl::Leave() {
  leaving = true;
  if (run == nullptr) {
    Close();
  } else {
    run->Release();
  }
}

// Nothing is left that could wake the loop: it ends.
void Worker::Impl::Close() {
  guard.reset();
  timer_loop.End();
}

Worker::Worker() = default;

absl::StatusOr<std::unique_ptr<Worker>> Worker::Start(Options options, const Clock& clock,
                                                      WorkerEventSink sink) {
  KLOAD_CHECK(options.index < options.count, "a worker's index is below their count");
  std::unique_ptr<Worker> worker(new Worker());
  auto impl = std::make_unique<Impl>(std::move(options), clock, std::move(sink));
  if (!impl->options.sample_log.empty()) {
    KLOAD_ASSIGN_OR_RETURN(impl->sample_file, SampleFile::Open(impl->options.sample_log));
  }
  worker->impl_ = std::move(impl);
  worker->impl_->thread = std::thread([self = worker->impl_.get()] { self->Run(); });
  return worker;
}

Worker::~Worker() {
  if (impl_ == nullptr) return;
  impl_->PostUrgent([self = impl_.get()] { self->Leave(); });
  impl_->thread.join();
}

void Worker::Prepare(std::shared_ptr<const RunSpec> spec) {
  impl_->Post([self = impl_.get(), spec = std::move(spec)]() mutable {
    KLOAD_CHECK(self->run == nullptr, "a worker prepares a run after the one before was released");
    self->run = std::make_unique<SliceRun>(self->io, self->clock, self->timers, std::move(spec),
                                           self->options.index, self->options.count,
                                           self->sample_file.get(), self->interrupt, self->sink);
    self->run->Prepare();
  });
}

void Worker::RunPhase(PhaseKind kind, std::string data_json) {
  impl_->Post([self = impl_.get(), kind, data = std::move(data_json)]() mutable {
    if (self->run != nullptr) self->run->RunPhase(kind, std::move(data));
  });
}

void Worker::StartRun(Nanos start, std::string setup_json) {
  impl_->Post([self = impl_.get(), start, data = std::move(setup_json)]() mutable {
    if (self->run != nullptr) self->run->Start(start, std::move(data));
  });
}

void Worker::Scale(std::string scenario, int64_t vus) {
  impl_->Post([self = impl_.get(), scenario = std::move(scenario), vus] {
    if (self->run != nullptr) self->run->Scale(scenario, vus);
  });
}

void Worker::Adopt(std::vector<Part> parts) {
  impl_->Post([self = impl_.get(), parts = std::move(parts)] {
    if (self->run == nullptr) return;
    for (const Part& part : parts) self->run->Adopt(part);
  });
}

void Worker::Cede(std::vector<Slice> slices, Nanos from) {
  impl_->Post([self = impl_.get(), slices = std::move(slices), from] {
    if (self->run != nullptr) self->run->Cede(slices, from);
  });
}

void Worker::ChangeRate(std::string scenario, int64_t rate, Nanos from) {
  impl_->Post([self = impl_.get(), scenario = std::move(scenario), rate, from] {
    if (self->run != nullptr) self->run->ChangeRate(scenario, rate, from);
  });
}

void Worker::Stop(bool graceful) {
  const auto stop = [self = impl_.get(), graceful] {
    if (self->run != nullptr) self->run->Stop(graceful);
  };
  if (graceful) {
    impl_->Post(stop);
  } else {
    impl_->PostUrgent(stop);
  }
}

void Worker::Release() {
  impl_->PostUrgent([self = impl_.get()] {
    if (self->run != nullptr) self->run->Release();
  });
}

void Worker::Execute(std::function<void()> work) { impl_->Post(std::move(work)); }

}  // namespace kload::agent
