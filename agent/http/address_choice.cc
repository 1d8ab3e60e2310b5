#include "agent/http/address_choice.h"

#include <algorithm>
#include <iterator>

namespace kload::agent {
namespace {

// Appends the one of `candidates` whose turn it is.
void Pick(const Addresses& candidates, DnsSelect select, uint64_t number, Addresses& into) {
  if (candidates.empty()) return;
  into.push_back(candidates[select == DnsSelect::kFirst ? 0 : number % candidates.size()]);
}

}  // namespace

Addresses ChooseAddresses(const Addresses& found, const DnsOptions& dns, uint64_t number) {
  Addresses chosen;
  if (dns.policy == DnsPolicy::kAny) {
    Pick(found, dns.select, number, chosen);
    return chosen;
  }
  const bool v4_first = dns.policy == DnsPolicy::kPreferIpv4 || dns.policy == DnsPolicy::kOnlyIpv4;
  const bool both = dns.policy == DnsPolicy::kPreferIpv4 || dns.policy == DnsPolicy::kPreferIpv6;
  for (const bool first : {true, false}) {
    if (!first && !both) break;
    Addresses family;
    std::copy_if(found.begin(), found.end(), std::back_inserter(family),
                 [&](const auto& address) { return address.is_v4() == (first == v4_first); });
    Pick(family, dns.select, number, chosen);
  }
  return chosen;
}

}  // namespace kload::agent
