// Host names -> addresses, remembered for the time that the option `dns` says.
//
// Thread: one worker's. The look-up itself runs on the resolver thread of its io_context: one at a
//         time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <vector>

#include "agent/fiber/fiber.h"
#include "agent/http/address_choice.h"
#include "common/base/clock.h"
#include "common/net/network_options.h"

namespace kload::agent {

// The wait of one fiber; lives where that fiber suspends.
class Lookup {
 public:
  // Resumes the fiber through the io_context, with operation_aborted. Only while it waits.
  void Abandon();

 private:
  friend class Resolver;
  struct Wait;
  std::shared_ptr<Wait>
      wait_;  // shared with the look-up, which can not be recalled and may end later
};

class Resolver {
 public:
  static constexpr size_t kHostsMax = 10'000;  // the cache is emptied when it is reached

  // kRoundRobin begins with each name's address number `first_turn`, so that workers do not all begin with the same one.
  Resolver(boost::asio::io_context& io, const Clock& clock, const DnsOptions& dns,
           uint64_t first_turn);
  ~Resolver();

  // The host's addresses to try in order, at least one (ChooseAddresses()); a host that is an address is its own. May
  // suspend. host_not_found when the policy leaves none.
  boost::system::error_code Resolve(Fiber& fiber, const std::string& host, Lookup& lookup,
                                    Addresses& addresses);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with running look-ups, which only hold it weakly
};

}  // namespace kload::agent
