#include "agent/http/resolver.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <unordered_map>

namespace kload::agent {

namespace asio = boost::asio;
using asio::ip::address;
using boost::system::error_code;
using AsioResolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;

// Resumed exactly once, by whoever comes first: the result or Abandon().
struct Lookup::Wait {
  asio::io_context& io;
  Fiber& fiber;
  bool over = false;   // its outcome is settled
  bool awake = false;  // its fiber was resumed
  error_code error;
  Addresses addresses;
};

void Lookup::Abandon() {
  if (wait_ == nullptr || wait_->over) return;
  wait_->over = true;
  wait_->error = asio::error::operation_aborted;
  asio::post(wait_->io, [wait = wait_] {
    wait->awake = true;
    wait->fiber.Resume();
  });
}

struct Resolver::State {
  struct Entry {
    Addresses addresses;
    Nanos expires{0};
    uint64_t turn = 0;  // of the next dial
  };

  State(asio::io_context& io_context, const Clock& c, const DnsOptions& options, uint64_t turn)
      : io(io_context),
        clock(c),
        dns(options),
        first_turn(turn),
        random(static_cast<uint64_t>(c.UnixNow().count())),
        resolver(io_context.get_executor()) {}

  Entry& EntryOf(const std::string& host) {
    const auto known = cache.find(host);
    if (known != cache.end()) return known->second;
    if (cache.size() >= kHostsMax) cache.clear();
    return cache.emplace(host, Entry{{}, Nanos::zero(), first_turn}).first->second;
  }

  void Store(const std::string& host, const Addresses& addresses) {
    if (dns.ttl == Nanos::zero()) return;
    Entry& entry = EntryOf(host);
    const Nanos now = clock.Now();
    entry.addresses = addresses;
    entry.expires = dns.ttl >= DnsOptions::kForever - now ? DnsOptions::kForever : now + dns.ttl;
  }

  error_code Choose(const std::string& host, const Addresses& found, Addresses& chosen) {
    uint64_t number = 0;
    if (dns.select == DnsSelect::kRandom) number = random();
    if (dns.select == DnsSelect::kRoundRobin) number = EntryOf(host).turn++;
    chosen = ChooseAddresses(found, dns, number);
    return chosen.empty() ? error_code(asio::error::host_not_found) : error_code();
  }

  asio::io_context& io;
  const Clock& clock;
  const DnsOptions dns;
  const uint64_t first_turn;
  std::mt19937_64 random;
  AsioResolver resolver;
  std::unordered_map<std::string, Entry> cache;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Lookup::Wait>>> waits;
};

Resolver::Resolver(asio::io_context& io, const Clock& clock, const DnsOptions& dns,
                   uint64_t first_turn)
    : state_(std::make_shared<State>(io, clock, dns, first_turn)) {}

Resolver::~Resolver() = default;

error_code Resolver::Resolve(Fiber& fiber, const std::string& host, Lookup& lookup,
                             Addresses& addresses) {
  error_code not_an_address;
  if (const address literal = asio::ip::make_address(host, not_an_address); !not_an_address) {
    addresses.assign(1, literal);
    return {};
  }
  State& state = *state_;
  if (const auto cached = state.cache.find(host);
      cached != state.cache.end() && cached->second.expires > state.clock.Now()) {
    return state.Choose(host, cached->second.addresses, addresses);
  }

  const auto wait =
      std::make_shared<Lookup::Wait>(Lookup::Wait{state.io, fiber, false, false, {}, {}});
  lookup.wait_ = wait;
  auto& waits = state.waits[host];
  waits.push_back(wait);
  if (waits.size() == 1) {
    state.resolver.async_resolve(
        host, "",
        [weak = std::weak_ptr<State>(state_), host](const error_code& error, auto results) {
          const std::shared_ptr<State> alive = weak.lock();
          if (alive == nullptr) return;
          Addresses found;
          for (const auto& result : results) found.push_back(result.endpoint().address());
          if (!error && !found.empty()) alive->Store(host, found);
          const auto waiting = std::move(alive->waits[host]);
          alive->waits.erase(host);
          for (const auto& one : waiting) {
            if (one->over) continue;
            one->over = true;
            one->awake = true;
            one->error = error;
            one->addresses = found;
            one->fiber.Resume();
          }
        });
  }
  while (!wait->awake) fiber.Suspend();
  lookup.wait_.reset();
  if (wait->error) return wait->error;
  return state.Choose(host, wait->addresses, addresses);
}

}  // namespace kload::agent
