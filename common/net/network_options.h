// The network options of a run: where its requests may go, by which addresses, names, certificates, and how fast.
//
// Data path: script options (controller/script) -> NetworkOptions -> wire -> agent/http.
// Thread:    plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/net/address.h"
#include "common/net/host_pattern.h"

namespace kload {

// The most requests per second that a script may ask for.
inline constexpr int64_t kRpsMax = 1'000'000'000;

struct HostOverride {
  HostPattern host;
  HostAddress address;
  friend bool operator==(const HostOverride&, const HostOverride&) = default;
};

// Which of a name's addresses a connection goes to.
enum class DnsSelect { kFirst, kRandom, kRoundRobin };
// Which families of addresses count.
enum class DnsPolicy { kPreferIpv4, kPreferIpv6, kOnlyIpv4, kOnlyIpv6, kAny };

struct DnsOptions {
  static constexpr Nanos kForever = Nanos::max();
  Nanos ttl = std::chrono::minutes(5);  // 0: names are not remembered
  DnsSelect select = DnsSelect::kRandom;
  DnsPolicy policy = DnsPolicy::kPreferIpv4;
  friend bool operator==(const DnsOptions&, const DnsOptions&) = default;
};

enum class TlsVersion { k1_0, k1_1, k1_2, k1_3 };

struct ClientCertificate {
  std::string cert;           // PEM: the certificate, then those between it and the root
  std::string key;            // PEM
  std::string password = {};  // of the key; empty: it has none
  std::vector<HostPattern> domains = {};  // servers that get it; empty: all
  friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

struct TlsOptions {
  TlsVersion min = TlsVersion::k1_2;
  TlsVersion max = TlsVersion::k1_3;
  std::vector<std::string> cipher_suites =
      {};  // IANA's names, for TLS 1.2 and before; empty: the usual
  std::vector<ClientCertificate> client_certificates = {};
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

enum class HttpDebug { kOff, kHeaders, kFull };

struct NetworkOptions {
  std::vector<HostOverride> hosts = {};
  std::vector<HostPattern> blocked_hosts = {};
  std::vector<IpRange> blacklisted_ips = {};
  DnsOptions dns = {};
  TlsOptions tls = {};
  int64_t rps = 0;                      // requests per second of the whole cluster; 0: no limit
  std::vector<IpRange> local_ips = {};  // empty: the system's choice
  HttpDebug http_debug = HttpDebug::kOff;
  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

}  // namespace kload
