#include "controller/core/core_thread.h"

#include <spdlog/spdlog.h>

#include <future>

#include "common/base/check.h"

namespace kload::controller {

CoreThread::CoreThread(std::unique_ptr<Core> core)
    : core_(std::move(core)), thread_([this] { Run(); }) {}

CoreThread::~CoreThread() { Join(); }

void CoreThread::Run() {
  try {
    boost::asio::post(context_, [this] { Tick(); });
    const auto at_work = boost::asio::make_work_guard(context_);
    context_.run();
  } catch (const std::exception& error) {
    // Half a state would give wrong results from here on, and nobody could tell.
    CheckFailed(__FILE__, __LINE__, "no exception reaches the core thread", error.what());
  }
}

void CoreThread::Tick() {
  core_->Tick();
  timer_.expires_after(Core::kTickInterval);
  timer_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) Tick();
  });
}

void CoreThread::EndRuns() {
  const auto ask = [this](auto question) {
    std::promise<bool> answer;
    std::future<bool> future = answer.get_future();
    Post([&](Core& core) { answer.set_value(question(core)); });
    return future.get();
  };
  ask([](Core& core) {
    core.BeginShutdown();
    return true;
  });
  const auto until = std::chrono::steady_clock::now() + kShutdownMax;
  while (ask([](Core& core) { return core.runs().any_unfinished(); }) &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(Core::kTickInterval);
  }
  ask([](Core& core) {
    core.EndShutdown();
    return true;
  });
}

void CoreThread::Join() {
  if (!thread_.joinable()) return;
  context_.stop();
  thread_.join();
}

}  // namespace kload::controller
