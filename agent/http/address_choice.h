// Which of a name's addresses a connection goes to: `dns.select` and `dns.policy`.
//
// Thread: pure.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <vector>

#include "common/net/network_options.h"

namespace kload::agent {

using Addresses = std::vector<boost::asio::ip::address>;

// The address to connect to, and after it, with a policy that prefers a family, one of the other family, to be tried
// when the first cannot be reached. Empty when the policy leaves none.
// `found` is in the resolver's order; `number` is the dial's turn (kRoundRobin) or a random number (kRandom).
Addresses ChooseAddresses(const Addresses& found, const DnsOptions& dns, uint64_t number);

}  // namespace kload::agent
