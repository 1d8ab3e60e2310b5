#include "controller/script/network_options.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "common/base/status.h"
#include "common/net/tls_check.h"

namespace kload::controller {
namespace {

template <typename Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

// The value of one of `names`; on a problem it is added and `into` stays.
template <typename Value>
void ReadName(const Json& value, std::string_view path, const Names<Value>& names, Value& into,
              Problems& problems) {
  const std::optional<std::string> text = ReadString(value, path, problems);
  if (!text || text->empty()) return;
  std::string known;
  for (const auto& [name, meaning] : names) {
    if (*text == name) {
      into = meaning;
      return;
    }
    known += known.empty() ? "" : ", ";
    known += name;
  }
  problems.Add(path, fmt::format("\"{}\" is none of {}", *text, known));
}

// Appends parse(text) of each string of a list.
template <typename Parse, typename Value>
void ReadParsed(const Json& value, const std::string& path, Parse parse, std::vector<Value>& into,
                Problems& problems) {
  const std::vector<std::string> texts = ReadStrings(value, path, problems);
  for (size_t i = 0; i < texts.size(); ++i) {
    absl::StatusOr<Value> parsed = parse(texts[i]);
    if (parsed.ok()) {
      into.push_back(*std::move(parsed));
    } else {
      problems.Add(fmt::format("{}[{}]", path, i), Message(parsed.status()));
    }
  }
}

std::vector<HostOverride> ReadHosts(const Json& value, const std::string& path,
                                    Problems& problems) {
  std::vector<HostOverride> hosts;
  for (const auto& [host, address] : ReadTexts(value, path, problems)) {
    const absl::StatusOr<HostPattern> pattern = ParseHostPattern(host);
    const absl::StatusOr<HostAddress> target = ParseHostAddress(address);
    const std::string place = Member(path, host);
    if (!pattern.ok()) problems.Add(place, Message(pattern.status()));
    if (!target.ok()) problems.Add(place, Message(target.status()));
    if (pattern.ok() && target.ok()) hosts.push_back({*pattern, *target});
  }
  return hosts;
}

// k6's flag form, "ttl=5m,select=random,policy=preferIPv4", as the object that it stands for.
Json DnsObject(const Json& value, std::string_view path, Problems& problems) {
  if (!value.is_string()) return value;
  Json object = Json::object();
  std::string_view rest = value.get_ref<const std::string&>();
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      problems.Add(path, fmt::format("\"{}\" is not a setting such as ttl=5m", part));
      continue;
    }
    object[std::string(part.substr(0, equals))] = std::string(part.substr(equals + 1));
  }
  return object;
}

DnsOptions ReadDns(const Json& value, const std::string& path, Problems& problems) {
  DnsOptions dns;
  const Json object = DnsObject(value, path, problems);
  const Fields fields(object, path, problems);
  fields.RefuseOthers({"ttl", "select", "policy"}, "dns");
  if (const Json* ttl = fields.Find("ttl"); ttl != nullptr && *ttl == "inf") {
    dns.ttl = DnsOptions::kForever;
  } else {
    fields.Duration("ttl", dns.ttl);
  }
  if (const Json* select = fields.Find("select")) {
    ReadName<DnsSelect>(*select, fields.PathOf("select"),
                        {{"first", DnsSelect::kFirst},
                         {"random", DnsSelect::kRandom},
                         {"roundRobin", DnsSelect::kRoundRobin}},
                        dns.select, problems);
  }
  if (const Json* policy = fields.Find("policy")) {
    ReadName<DnsPolicy>(*policy, fields.PathOf("policy"),
                        {{"preferIPv4", DnsPolicy::kPreferIpv4},
                         {"preferIPv6", DnsPolicy::kPreferIpv6},
                         {"onlyIPv4", DnsPolicy::kOnlyIpv4},
                         {"onlyIPv6", DnsPolicy::kOnlyIpv6},
                         {"any", DnsPolicy::kAny}},
                        dns.policy, problems);
  }
  return dns;
}

void ReadTlsVersion(const Json& value, const std::string& path, TlsOptions& tls,
                    Problems& problems) {
  const auto read = [&](const Json& version, std::string_view place, TlsVersion& into) {
    ReadName<TlsVersion>(version, place,
                         {{"tls1.0", TlsVersion::k1_0},
                          {"tls1.1", TlsVersion::k1_1},
                          {"tls1.2", TlsVersion::k1_2},
                          {"tls1.3", TlsVersion::k1_3}},
                         into, problems);
  };
  if (value.is_string()) {
    if (value == "") return;
    read(value, path, tls.min);
    tls.max = tls.min;
    return;
  }
  const Fields fields(value, path, problems);
  fields.RefuseOthers({"min", "max"}, "tlsVersion");
  if (const Json* min = fields.Find("min")) read(*min, fields.PathOf("min"), tls.min);
  if (const Json* max = fields.Find("max")) read(*max, fields.PathOf("max"), tls.max);
  if (tls.min <= tls.max) return;
  // A maximum alone is below the usual minimum: that alone is meant.
  if (fields.Find("min") == nullptr) {
    tls.min = tls.max;
  } else {
    problems.Add(path, "min is a later version than max");
  }
}

std::vector<std::string> ReadCipherSuites(const Json& value, const std::string& path,
                                          Problems& problems) {
  std::vector<std::string> suites = ReadStrings(value, path, problems);
  for (size_t i = 0; i < suites.size(); ++i) {
    const absl::Status status = CheckCipherSuite(suites[i]);
    if (!status.ok()) problems.Add(fmt::format("{}[{}]", path, i), Message(status));
  }
  return suites;
}

ClientCertificate ReadClientCertificate(const Json& value, const std::string& path,
                                        Problems& problems) {
  ClientCertificate result;
  const Fields fields(value, path, problems);
  fields.RefuseOthers({"cert", "key", "password", "domains"}, "a client certificate");
  const bool has_cert = fields.Require("cert", "open('client.pem')");
  const bool has_key = fields.Require("key", "open('client-key.pem')");
  fields.String("cert", result.cert);
  fields.String("key", result.key);
  fields.String("password", result.password);
  if (const Json* domains = fields.Find("domains")) {
    ReadParsed(*domains, fields.PathOf("domains"), ParseHostPattern, result.domains, problems);
  }
  if (!value.is_object() || !has_cert || !has_key) return result;
  if (const absl::Status cert = CheckCertificate(result.cert); !cert.ok()) {
    problems.Add(fields.PathOf("cert"), Message(cert));
    return result;
  }
  const absl::Status key = CheckPrivateKey(result.cert, result.key, result.password);
  if (!key.ok()) problems.Add(fields.PathOf("key"), Message(key));
  return result;
}

TlsOptions ReadTls(const Layers& layers, Problems& problems) {
  TlsOptions tls;
  if (const Json* version = layers.Find("tlsVersion")) {
    ReadTlsVersion(*version, layers.PathOf("tlsVersion"), tls, problems);
  }
  if (const Json* suites = layers.Find("tlsCipherSuites")) {
    tls.cipher_suites = ReadCipherSuites(*suites, layers.PathOf("tlsCipherSuites"), problems);
  }
  const Json* certificates = layers.Find("tlsAuth");
  if (certificates == nullptr) return tls;
  const std::string path = layers.PathOf("tlsAuth");
  if (!certificates->is_array()) {
    problems.Add(path,
                 fmt::format("{} is not a list of client certificates", Shown(*certificates)));
    return tls;
  }
  for (size_t i = 0; i < certificates->size(); ++i) {
    tls.client_certificates.push_back(
        ReadClientCertificate((*certificates)[i], fmt::format("{}[{}]", path, i), problems));
  }
  return tls;
}

std::vector<IpRange> ReadLocalIps(const Json& value, const std::string& path, Problems& problems) {
  const std::optional<std::string> text = ReadString(value, path, problems);
  if (!text || text->empty()) return {};
  absl::StatusOr<std::vector<IpRange>> ranges = ParseIpList(*text);
  if (ranges.ok()) return *std::move(ranges);
  problems.Add(path, Message(ranges.status()));
  return {};
}

}  // namespace

NetworkOptions ReadNetworkOptions(const Layers& layers, Problems& problems) {
  NetworkOptions options;
  if (const Json* hosts = layers.Find("hosts")) {
    options.hosts = ReadHosts(*hosts, layers.PathOf("hosts"), problems);
  }
  if (const Json* blocked = layers.Find("blockHostnames")) {
    ReadParsed(*blocked, layers.PathOf("blockHostnames"), ParseHostPattern, options.blocked_hosts,
               problems);
  }
  if (const Json* blacklist = layers.Find("blacklistIPs")) {
    ReadParsed(*blacklist, layers.PathOf("blacklistIPs"), ParseCidr, options.blacklisted_ips,
               problems);
  }
  if (const Json* dns = layers.Find("dns")) {
    options.dns = ReadDns(*dns, layers.PathOf("dns"), problems);
  }
  options.tls = ReadTls(layers, problems);
  if (const Json* rps = layers.Find("rps")) {
    options.rps = ReadInteger(*rps, layers.PathOf("rps"), 0, kRpsMax, problems).value_or(0);
  }
  if (const Json* local = layers.Find("localIPs")) {
    options.local_ips = ReadLocalIps(*local, layers.PathOf("localIPs"), problems);
  }
  if (const Json* debug = layers.Find("httpDebug")) {
    ReadName<HttpDebug>(*debug, layers.PathOf("httpDebug"),
                        {{"headers", HttpDebug::kHeaders}, {"full", HttpDebug::kFull}},
                        options.http_debug, problems);
  }
  return options;
}

}  // namespace kload::controller
