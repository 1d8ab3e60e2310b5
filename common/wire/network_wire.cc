#include "common/wire/network_wire.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "common/base/status.h"

namespace kload::wire {
namespace {

constexpr int64_t kForever = -1;
constexpr int kListMax = 100'000;  // entries

template <typename Value, typename Message>
struct Pair {
  Value value;
  Message message;
};

// In both directions; what is unspecified has its default from NetworkOptions.
constexpr Pair<DnsSelect, v1::DnsSelect> kSelects[] = {
    {DnsSelect::kFirst, v1::DNS_SELECT_FIRST},
    {DnsSelect::kRandom, v1::DNS_SELECT_RANDOM},
    {DnsSelect::kRoundRobin, v1::DNS_SELECT_ROUND_ROBIN}};
constexpr Pair<DnsPolicy, v1::DnsPolicy> kPolicies[] = {
    {DnsPolicy::kPreferIpv4, v1::DNS_POLICY_PREFER_IPV4},
    {DnsPolicy::kPreferIpv6, v1::DNS_POLICY_PREFER_IPV6},
    {DnsPolicy::kOnlyIpv4, v1::DNS_POLICY_ONLY_IPV4},
    {DnsPolicy::kOnlyIpv6, v1::DNS_POLICY_ONLY_IPV6},
    {DnsPolicy::kAny, v1::DNS_POLICY_ANY}};
constexpr Pair<TlsVersion, v1::TlsVersion> kVersions[] = {{TlsVersion::k1_0, v1::TLS_VERSION_1_0},
                                                          {TlsVersion::k1_1, v1::TLS_VERSION_1_1},
                                                          {TlsVersion::k1_2, v1::TLS_VERSION_1_2},
                                                          {TlsVersion::k1_3, v1::TLS_VERSION_1_3}};
constexpr Pair<HttpDebug, v1::HttpDebug> kDebugs[] = {{HttpDebug::kOff, v1::HTTP_DEBUG_OFF},
                                                      {HttpDebug::kHeaders, v1::HTTP_DEBUG_HEADERS},
                                                      {HttpDebug::kFull, v1::HTTP_DEBUG_FULL}};

template <typename Value, typename Message, size_t kCount>
Message Encode(const Pair<Value, Message> (&table)[kCount], Value value) {
  for (const auto& pair : table) {
    if (pair.value == value) return pair.message;
  }
  return Message{};
}

// 0, which is what an older controller says, leaves `into` as it is.
template <typename Value, typename Message, size_t kCount>
absl::Status Decode(const char* field, const Pair<Value, Message> (&table)[kCount], Message message,
                    Value& into) {
  for (const auto& pair : table) {
    if (pair.message != message) continue;
    into = pair.value;
    return absl::OkStatus();
  }
  if (static_cast<int>(message) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}, which this version does not know; are all programs of the cluster of "
                  "one version?",
                  field, static_cast<int>(message)));
}

// Appends parse(text) of each text.
template <typename Texts, typename Parse, typename Into>
absl::Status DecodeList(const char* field, const Texts& texts, Parse parse, Into& into) {
  if (texts.size() > kListMax) {
    return absl::InvalidArgumentError(
        fmt::format("{} has {} entries, at most {} are possible", field, texts.size(), kListMax));
  }
  for (int i = 0; i < texts.size(); ++i) {
    auto parsed = parse(texts.Get(i));
    if (!parsed.ok()) return Annotate(parsed.status(), fmt::format("{}[{}]", field, i));
    into.push_back(*std::move(parsed));
  }
  return absl::OkStatus();
}

absl::StatusOr<HostOverride> DecodeOverride(const v1::HostOverride& message) {
  HostOverride result;
  KLOAD_ASSIGN_OR_RETURN(result.host, ParseHostPattern(message.host()));
  KLOAD_ASSIGN_OR_RETURN(result.address, ParseHostAddress(message.address()));
  return result;
}

absl::StatusOr<HostPattern> DecodePattern(const std::string& text) {
  return ParseHostPattern(text);
}

absl::StatusOr<IpRange> DecodeRange(const std::string& text) {
  KLOAD_ASSIGN_OR_RETURN(const std::vector<IpRange> ranges, ParseIpList(text));
  return ranges.front();
}

absl::StatusOr<ClientCertificate> DecodeCertificate(const v1::ClientCertificate& message) {
  ClientCertificate result{message.cert(), message.key(), message.password(), {}};
  KLOAD_RETURN_IF_ERROR(DecodeList("domains", message.domains(), DecodePattern, result.domains));
  return result;
}

absl::Status DecodeDns(const v1::RunOptions& message, DnsOptions& dns) {
  KLOAD_RETURN_IF_ERROR(Decode("dns_select", kSelects, message.dns_select(), dns.select));
  KLOAD_RETURN_IF_ERROR(Decode("dns_policy", kPolicies, message.dns_policy(), dns.policy));
  if (!message.has_dns_ttl_ns()) return absl::OkStatus();
  if (message.dns_ttl_ns() < kForever) {
    return absl::InvalidArgumentError(fmt::format("dns_ttl_ns is {}", message.dns_ttl_ns()));
  }
  dns.ttl = message.dns_ttl_ns() == kForever ? DnsOptions::kForever : Nanos(message.dns_ttl_ns());
  return absl::OkStatus();
}

}  // namespace

void EncodeNetwork(const NetworkOptions& options, v1::RunOptions& message) {
  for (const HostOverride& host : options.hosts) {
    v1::HostOverride& encoded = *message.add_hosts();
    encoded.set_host(FormatHostPattern(host.host));
    encoded.set_address(FormatHostAddress(host.address));
  }
  for (const HostPattern& host : options.blocked_hosts) {
    message.add_blocked_hosts(FormatHostPattern(host));
  }
  for (const IpRange& range : options.blacklisted_ips) {
    message.add_blacklisted_ips(FormatRange(range));
  }
  const DnsOptions& dns = options.dns;
  message.set_dns_ttl_ns(dns.ttl == DnsOptions::kForever ? kForever : dns.ttl.count());
  message.set_dns_select(Encode(kSelects, dns.select));
  message.set_dns_policy(Encode(kPolicies, dns.policy));
  const TlsOptions& tls = options.tls;
  message.set_tls_min(Encode(kVersions, tls.min));
  message.set_tls_max(Encode(kVersions, tls.max));
  for (const std::string& suite : tls.cipher_suites) message.add_tls_cipher_suites(suite);
  for (const ClientCertificate& certificate : tls.client_certificates) {
    v1::ClientCertificate& encoded = *message.add_tls_client_certificates();
    encoded.set_cert(certificate.cert);
    encoded.set_key(certificate.key);
    encoded.set_password(certificate.password);
    for (const HostPattern& domain : certificate.domains) {
      encoded.add_domains(FormatHostPattern(domain));
    }
  }
  message.set_rps(options.rps);
  for (const IpRange& range : options.local_ips) message.add_local_ips(FormatRange(range));
  message.set_http_debug(Encode(kDebugs, options.http_debug));
}

absl::Status DecodeNetwork(const v1::RunOptions& message, NetworkOptions& options) {
  options = {};
  KLOAD_RETURN_IF_ERROR(DecodeList("hosts", message.hosts(), DecodeOverride, options.hosts));
  KLOAD_RETURN_IF_ERROR(
      DecodeList("blocked_hosts", message.blocked_hosts(), DecodePattern, options.blocked_hosts));
  KLOAD_RETURN_IF_ERROR(DecodeList("blacklisted_ips", message.blacklisted_ips(), DecodeRange,
                                   options.blacklisted_ips));
  KLOAD_RETURN_IF_ERROR(DecodeDns(message, options.dns));
  TlsOptions& tls = options.tls;
  KLOAD_RETURN_IF_ERROR(Decode("tls_min", kVersions, message.tls_min(), tls.min));
  KLOAD_RETURN_IF_ERROR(Decode("tls_max", kVersions, message.tls_max(), tls.max));
  tls.cipher_suites.assign(message.tls_cipher_suites().begin(), message.tls_cipher_suites().end());
  KLOAD_RETURN_IF_ERROR(DecodeList("tls_client_certificates", message.tls_client_certificates(),
                                   DecodeCertificate, tls.client_certificates));
  if (message.rps() < 0 || message.rps() > kRpsMax) {
    return absl::InvalidArgumentError(
        fmt::format("rps is {}, expected 0 to {}", message.rps(), kRpsMax));
  }
  options.rps = message.rps();
  KLOAD_RETURN_IF_ERROR(
      DecodeList("local_ips", message.local_ips(), DecodeRange, options.local_ips));
  return Decode("http_debug", kDebugs, message.http_debug(), options.http_debug);
}

}  // namespace kload::wire
