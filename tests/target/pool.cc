#include "tests/target/pool.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "common/base/status.h"
#include "tests/target/seed_data.h"

namespace kload::target {

namespace asio = boost::asio;

absl::StatusOr<std::unique_ptr<Pool>> Pool::Open(PoolOptions options) {
  std::unique_ptr<Pool> pool(new Pool(std::move(options)));
  for (unsigned i = 0; i < pool->options_.connections; ++i) {
    KLOAD_ASSIGN_OR_RETURN(auto connection, Connection::Open(pool->options_.database));
    if (i == 0) KLOAD_RETURN_IF_ERROR(Seed(*connection));
    pool->free_.push_back(connection.get());
    pool->connections_.push_back(std::move(connection));
  }
  return pool;
}

Pool::Pool(PoolOptions options) : options_(std::move(options)), threads_(options_.connections) {}

Pool::~Pool() {
  threads_.stop();
  threads_.join();
}

asio::awaitable<bool> Pool::Run(std::function<void(Connection&)> query) {
  Connection* connection = co_await Acquire();
  if (connection == nullptr) co_return false;
  const asio::any_io_executor caller = co_await asio::this_coro::executor;
  co_await asio::post(asio::bind_executor(threads_.get_executor(), asio::use_awaitable));
  const auto start = std::chrono::steady_clock::now();
  query(*connection);
  // Time of a remote database: its connection is taken, this machine's processor is not.
  std::this_thread::sleep_until(start + options_.query_time);
  Release(connection);
  co_await asio::post(asio::bind_executor(caller, asio::use_awaitable));
  co_return true;
}

asio::awaitable<Connection*> Pool::Acquire() {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  std::shared_ptr<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Connection* connection = free_.back();
      free_.pop_back();
      co_return connection;
    }
    waiter = std::make_shared<Waiter>(executor);
    waiter->timer.expires_after(options_.timeout);
    waiting_.push_back(waiter);
  }
  boost::system::error_code ignored;  // expired and cancelled are told apart by `granted`
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::lock_guard lock(mutex_);
  if (waiter->granted == nullptr) {
    std::erase(waiting_, waiter);
    ++exhausted_;
  }
  co_return waiter->granted;
}

void Pool::Release(Connection* connection) {
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    ++jobs_;
    if (waiting_.empty()) {
      free_.push_back(connection);
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
    next->granted = connection;
  }
  // The timer belongs to the waiter's thread; the wake-up is sent there.
  asio::post(next->timer.get_executor(), [next] { next->timer.cancel(); });
}

PoolState Pool::state() const {
  const std::lock_guard lock(mutex_);
  return {.connections = connections_.size(),
          .in_use = connections_.size() - free_.size(),
          .waiting = waiting_.size(),
          .exhausted = exhausted_,
          .jobs = jobs_};
}

}  // namespace kload::target
