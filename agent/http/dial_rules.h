// Where connections may go. The script says so by blockHostnames, hosts, blacklistIPs, the agent by its allow-list. Asked when
// a connection is dialed, in this order: Blocked(), Override() or else a look-up, Forbidden(), Refused().
//
// Thread: plain values.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <vector>

#include "agent/http/failure.h"
#include "agent/http/url.h"
#include "common/net/address.h"
#include "common/net/allow_list.h"
#include "common/net/host_pattern.h"
#include "common/net/network_options.h"

namespace kload::agent {

boost::asio::ip::address ToAsio(const IpAddress& address);
IpAddress FromAsio(const boost::asio::ip::address& address);

class DialRules {
 public:
  explicit DialRules(const NetworkOptions& options, const AllowList& allow = {});

  // The host is one of blockHostnames.
  std::optional<Failure> Blocked(const Target& target) const;
  // Where `hosts` sends the target; the port is never 0.
  std::optional<HostAddress> Override(const Target& target) const;
  // The agent does not send there: neither the target's name nor one of `addresses` is on its list. Addresses that are not,
  // where the name is not, are taken out. `overridden`: the script has said where the name leads, so that the name counts
  // for nothing.
  std::optional<Failure> Forbidden(const Target& target, bool overridden,
                                   std::vector<boost::asio::ip::address>& addresses) const;
  // The first of `addresses`, the one to connect to, is one of blacklistIPs; others that are among them are taken out.
  std::optional<Failure> Refused(std::vector<boost::asio::ip::address>& addresses) const;

 private:
  HostTable blocked_;
  HostTable hosts_;
  std::vector<HostAddress> overrides_;  // by number in hosts_
  std::vector<IpRange> blacklist_;
  bool allows_all_ = true;
  HostTable allowed_hosts_;
  std::vector<IpRange> allowed_ranges_;
};

}  // namespace kload::agent
