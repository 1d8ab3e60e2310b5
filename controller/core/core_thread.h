// The thread that owns the core: whatever concerns it is posted here.
//
// Thread: Post() from any thread; everything posted runs on the core thread, in order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "controller/core/core.h"

namespace kload::controller {

class CoreThread {
 public:
  // How long runs that go on may take to end when the controller is shut down.
  static constexpr Nanos kShutdownMax = std::chrono::seconds(5);

  explicit CoreThread(std::unique_ptr<Core> core);
  ~CoreThread();

  // Calls fn(Core&) on the core thread; never after Join() has begun.
  template <typename Fn>
  void Post(Fn fn) {
    boost::asio::post(context_, [this, fn = std::move(fn)]() mutable { fn(*core_); });
  }

  // Ends runs, waits at most kShutdownMax for them and then gives them up. Blocks; once.
  void EndRuns();
  // Stops and joins the thread; what is posted later is dropped. Idempotent.
  void Join();

 private:
  void Run();
  void Tick();

  const std::unique_ptr<Core> core_;
  boost::asio::io_context context_{1};
  boost::asio::steady_timer timer_{context_};
  std::thread thread_;
};

}  // namespace kload::controller
