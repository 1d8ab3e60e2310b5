// One client connection: reads requests, decides answers, writes them, until either side ends it.
//
// Thread: the io thread that the socket belongs to.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "common/base/clock.h"
#include "tests/target/cache.h"
#include "tests/target/counters.h"
#include "tests/target/options.h"
#include "tests/target/pool.h"
#include "tests/target/token.h"

namespace kload::target {

// What all connections share; outlives them.
struct Service {
  const TargetOptions& options;
  Pool& pool;
  Counters& counters;
  Cache cache;
  TokenSigner signer;
  Nanos started{0};                   // steady time
  std::atomic<uint64_t> requests{0};  // numbers the requests for faults.h; order does not matter
};

boost::asio::awaitable<void> ServeConnection(boost::asio::ip::tcp::socket socket, Service& service);

}  // namespace kload::target
