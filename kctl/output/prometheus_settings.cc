#include "kctl/output/prometheus_settings.h"

#include <fmt/format.h>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::kctl {
namespace {

constexpr std::string_view kPrefix = "K6_PROMETHEUS_RW_";
constexpr std::string_view kHeaderPrefix = "HEADERS_";
constexpr char kDefaultUrl[] = "http://localhost:9090/api/v1/write";
constexpr Nanos kDefaultInterval = std::chrono::seconds(5);
constexpr Nanos kIntervalMin = std::chrono::milliseconds(100);

// Read from files of this machine, or by a cloud's own rules: the controller that pushes knows neither.
constexpr std::string_view kNotHere[] = {"CLIENT_CERTIFICATE", "CLIENT_CERTIFICATE_KEY",
                                         "SIGV4_REGION", "SIGV4_ACCESS_KEY", "SIGV4_SECRET_KEY"};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    std::string part = text.substr(begin, i - begin);
    part.erase(0, part.find_first_not_of(' '));
    while (part.ends_with(' ')) part.pop_back();
    if (!part.empty()) parts.push_back(std::move(part));
    begin = i + 1;
  }
  return parts;
}

absl::StatusOr<bool> ParseSwitch(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0" || text.empty()) return false;
  return absl::InvalidArgumentError(fmt::format("\"{}\" is neither true nor false", text));
}

absl::Status SetHeaders(const std::string& text, v1::PrometheusWrite& settings) {
  for (const std::string& pair : Split(text)) {
    const size_t colon = pair.find(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(fmt::format("\"{}\" is not NAME:VALUE", pair));
    }
    (*settings.mutable_headers())[pair.substr(0, colon)] = pair.substr(colon + 1);
  }
  return absl::OkStatus();
}

absl::Status SetInterval(const std::string& text, v1::PrometheusWrite& settings) {
  KLOAD_ASSIGN_OR_RETURN(const Nanos interval, ParseDuration(text, BareNumber::kRefused));
  if (interval < kIntervalMin) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is less than {}", text, FormatDuration(kIntervalMin)));
  }
  settings.set_push_interval_ns(interval.count());
  return absl::OkStatus();
}

absl::Status SetTlsVersion(std::string text, v1::PrometheusWrite& settings) {
  if (text.starts_with("tls")) text.erase(0, 3);
  if (text != "1.0" && text != "1.1" && text != "1.2" && text != "1.3") {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is none of 1.0, 1.1, 1.2, 1.3", text));
  }
  settings.set_tls_minimum_version(text);
  return absl::OkStatus();
}

// `name` is the variable's without the prefix.
absl::Status Set(const std::string& name, const std::string& text, v1::PrometheusWrite& settings) {
  const auto flag = [&](auto setter) {
    KLOAD_ASSIGN_OR_RETURN(const bool value, ParseSwitch(text));
    (settings.*setter)(value);
    return absl::OkStatus();
  };
  for (const std::string_view each : kNotHere) {
    if (name == each && !text.empty()) {
      return absl::InvalidArgumentError("is not available in kload; unset it");
    }
  }
  if (name == "SERVER_URL") {
    settings.set_url(text);
  } else if (name == "USERNAME") {
    settings.set_username(text);
  } else if (name == "PASSWORD") {
    settings.set_password(text);
  } else if (name == "BEARER_TOKEN") {
    settings.set_bearer_token(text);
  } else if (name == "HTTP_HEADERS") {
    return SetHeaders(text, settings);
  } else if (name.starts_with(kHeaderPrefix)) {
    (*settings.mutable_headers())[name.substr(kHeaderPrefix.size())] = text;
  } else if (name == "PUSH_INTERVAL") {
    return SetInterval(text, settings);
  } else if (name == "TREND_STATS") {
    settings.clear_trend_stats();
    for (std::string& stat : Split(text)) settings.add_trend_stats(std::move(stat));
  } else if (name == "TREND_AS_NATIVE_HISTOGRAM") {
    return flag(&v1::PrometheusWrite::set_native_histograms);
  } else if (name == "STALE_MARKERS") {
    return flag(&v1::PrometheusWrite::set_stale_markers);
  } else if (name == "INSECURE_SKIP_TLS_VERIFY") {
    return flag(&v1::PrometheusWrite::set_insecure_skip_tls_verify);
  } else if (name == "TLS_MINIMUM_VERSION") {
    return SetTlsVersion(text, settings);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::PrometheusWrite> PrometheusFromEnvironment(
    const std::map<std::string, std::string>& environment) {
  v1::PrometheusWrite settings;
  settings.set_url(kDefaultUrl);
  settings.set_push_interval_ns(kDefaultInterval.count());
  settings.add_trend_stats("p(99)");
  settings.set_tls_minimum_version("1.3");
  for (auto entry = environment.lower_bound(std::string(kPrefix));
       entry != environment.end() && entry->first.starts_with(kPrefix); ++entry) {
    const absl::Status set = Set(entry->first.substr(kPrefix.size()), entry->second, settings);
    if (!set.ok()) return Annotate(set, entry->first);
  }
  return settings;
}

std::string RemoteWriteUrl(const std::string& argument) {
  const bool has_scheme = argument.find("://") != std::string::npos;
  std::string url = has_scheme ? argument : "http://" + argument;
  const size_t path = url.find('/', url.find("://") + 3);
  if (path == std::string::npos) return url + "/api/v1/write";
  return path + 1 == url.size() ? url + "api/v1/write" : url;
}

absl::Status CheckUrl(const std::string& url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/') {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no URL such as http://localhost:9090/api/v1/write", url));
}

}  // namespace kload::kctl
