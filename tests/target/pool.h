// The pool of database connections, as an API server's ORM has one.
//
// Thread: Run() from any io thread; queries run on the pool's own threads, one per connection.
#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/target/connection.h"

namespace kload::target {

struct PoolOptions {
  std::string database;  // file
  unsigned connections = 10;
  Nanos timeout{0};     // longest wait for a connection
  Nanos query_time{0};  // least time that a query holds its connection
};

struct PoolState {
  size_t connections = 0;
  size_t in_use = 0;
  size_t waiting = 0;
  uint64_t exhausted = 0;  // waits that ended without a connection
  uint64_t jobs = 0;       // queries that were run
};

class Pool {
 public:
  // Opens all connections and fills the database (seed_data.h).
  static absl::StatusOr<std::unique_ptr<Pool>> Open(PoolOptions options);
  ~Pool();

  // Calls `query` with a connection on a pool thread and resumes on the caller's executor.
  // Returns false, without a call, when no connection became free within the timeout.
  boost::asio::awaitable<bool> Run(std::function<void(Connection&)> query);

  PoolState state() const;

 private:
  // Somebody in the queue; lives until both the waiting coroutine and a grant on its way are done.
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    Connection* granted = nullptr;
  };

  explicit Pool(PoolOptions options);
  boost::asio::awaitable<Connection*> Acquire();
  void Release(Connection* connection);

  const PoolOptions options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  boost::asio::thread_pool threads_;

  // Io threads share the queue, so it has a lock; it is held for a few pointer moves.
  mutable std::mutex mutex_;
  std::vector<Connection*> free_;
  std::deque<std::shared_ptr<Waiter>> waiting_;
  uint64_t exhausted_ = 0;
  uint64_t jobs_ = 0;
};

}  // namespace kload::target
