#include "controller/script/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "controller/script/network_options.h"

namespace kload::controller {
namespace {

// ---- Which options there are (README.md says why) ----
constexpr std::array kSupported = {"vus",
                                   "duration",
                                   "iterations",
                                   "stages",
                                   "scenarios",
                                   "thresholds",
                                   "noSetup",
                                   "noTeardown",
                                   "setupTimeout",
                                   "teardownTimeout",
                                   "maxRedirects",
                                   "userAgent",
                                   "insecureSkipTLSVerify",
                                   "hosts",
                                   "blockHostnames",
                                   "blacklistIPs",
                                   "httpDebug",
                                   "localIPs",
                                   "rps",
                                   "tlsAuth",
                                   "tlsCipherSuites",
                                   "tlsVersion",
                                   "dns",
                                   "throw",
                                   "noConnectionReuse",
                                   "noVUConnectionReuse",
                                   "minIterationDuration",
                                   "discardResponseBodies",
                                   "noCookiesReset",
                                   "batch",
                                   "batchPerHost",
                                   "handleSummaryTimeout",
                                   "summaryTrendStats",
                                   "summaryTimeUnit",
                                   "systemTags",
                                   "tags"};

// They change the load or what is measured: never ignored in silence.
constexpr std::array kNotYet = {"paused"};

constexpr std::array kSegments = {"executionSegment", "executionSegmentSequence"};

// Nothing about the load depends on them here.
constexpr std::array kIgnored = {"cloud", "ext", "metricSamplesBufferSize", "noUsageReport",
                                 "features"};

constexpr std::array kIgnoredAloud = {"consoleOutput", "linger", "out"};

constexpr std::array<std::string_view, 18> kSystemTags = {
    "proto",       "subproto",
    "status",      "method",
    "url",         "name",
    "group",       "check",
    "error",       "error_code",
    "tls_version", "scenario",
    "service",     "expected_response",  // on by default
    "ip",          "ocsp_status",
    "vu",          "iter"};
constexpr size_t kSystemTagsOn = 14;

template <typename Names>
bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Says what happens anyway: false, 0, "", [] and {}.
bool IsNeutral(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

void CheckKeys(const Layers& layers, Problems& problems) {
  for (const auto& [key, value] : layers.merged().items()) {
    const std::string path = layers.PathOf(key);
    if (Contains(kSupported, key) || Contains(kIgnored, key)) continue;
    if (Contains(kNotYet, key)) {
      if (!IsNeutral(value)) problems.Add(path, "is not available yet; remove it to run the test");
    } else if (Contains(kSegments, key)) {
      if (!IsNeutral(value)) {
        problems.Add(path, "is not needed: the test is split over the agents anyway; remove it");
      }
    } else if (Contains(kIgnoredAloud, key)) {
      problems.Warn(path, "is not available yet, it is ignored");
    } else {
      problems.Warn(path, "is not an option, it is ignored");
    }
  }
}

bool IsTrendStat(std::string_view stat) {
  if (stat == "avg" || stat == "min" || stat == "med" || stat == "max" || stat == "count") {
    return true;
  }
  if (!stat.starts_with("p(") || !stat.ends_with(")")) return false;
  const std::string number(stat.substr(2, stat.size() - 3));
  if (number.empty() || number.find_first_not_of("0123456789.") != std::string::npos) return false;
  char* end = nullptr;
  const double percentile = std::strtod(number.c_str(), &end);
  return *end == '\0' && percentile >= 0 && percentile <= 100;
}

void ReadSummaryOptions(const Layers& layers, RunOptions& options, Problems& problems) {
  if (const Json* stats = layers.Find("summaryTrendStats")) {
    const std::string path = layers.PathOf("summaryTrendStats");
    options.summary_trend_stats = ReadStrings(*stats, path, problems);
    for (const std::string& stat : options.summary_trend_stats) {
      if (IsTrendStat(stat)) continue;
      problems.Add(path, fmt::format("\"{}\" is none of avg, min, med, max, count and p(N) with N "
                                     "from 0 to 100",
                                     stat));
    }
  }
  if (const Json* unit = layers.Find("summaryTimeUnit")) {
    const std::string path = layers.PathOf("summaryTimeUnit");
    const std::string text = ReadString(*unit, path, problems).value_or("");
    if (text.empty() || text == "s" || text == "ms" || text == "us") {
      options.summary_time_unit = text;
    } else {
      problems.Add(path, fmt::format("\"{}\" is none of s, ms and us", text));
    }
  }
}

void ReadTagOptions(const Layers& layers, RunOptions& options, Problems& problems) {
  if (const Json* tags = layers.Find("tags")) {
    options.tags = ReadTexts(*tags, layers.PathOf("tags"), problems);
  }
  options.system_tags = DefaultSystemTags();
  const Json* enabled = layers.Find("systemTags");
  if (enabled == nullptr) return;
  const std::string path = layers.PathOf("systemTags");
  options.system_tags = ReadStrings(*enabled, path, problems);
  for (const std::string& tag : options.system_tags) {
    if (Contains(kSystemTags, tag)) continue;
    problems.Add(path, fmt::format("\"{}\" is not a system tag; there are {}", tag,
                                   fmt::join(kSystemTags, ", ")));
  }
}

}  // namespace

const std::vector<std::string>& DefaultSystemTags() {
  static const std::vector<std::string> tags(kSystemTags.begin(),
                                             kSystemTags.begin() + kSystemTagsOn);
  return tags;
}

RunOptions ReadRunOptions(const Layers& layers, Problems& problems) {
  CheckKeys(layers, problems);
  RunOptions options;
  options.user_agent = "kload/" KLOAD_VERSION;
  const auto duration = [&](const char* key, Nanos& into) {
    const Json* value = layers.Find(key);
    if (value == nullptr || *value == "") return;
    into = ReadDuration(*value, layers.PathOf(key), Nanos::zero(), problems).value_or(into);
  };
  const auto flag = [&](const char* key, bool& into) {
    const Json* value = layers.Find(key);
    if (value != nullptr) into = ReadBool(*value, layers.PathOf(key), problems).value_or(into);
  };
  duration("setupTimeout", options.setup_timeout);
  duration("teardownTimeout", options.teardown_timeout);
  duration("handleSummaryTimeout", options.handle_summary_timeout);
  duration("minIterationDuration", options.min_iteration_duration);
  flag("throw", options.throw_on_error);
  flag("insecureSkipTLSVerify", options.insecure_skip_tls_verify);
  flag("noConnectionReuse", options.no_connection_reuse);
  flag("noVUConnectionReuse", options.no_vu_connection_reuse);
  flag("discardResponseBodies", options.discard_response_bodies);
  flag("noCookiesReset", options.no_cookies_reset);
  flag("noSetup", options.no_setup);
  flag("noTeardown", options.no_teardown);
  // 0 means no bound in k6; a VU here has one all the same.
  const auto parallel = [&](const char* key, int64_t& into) {
    const Json* value = layers.Find(key);
    if (value == nullptr) return;
    into = ReadInteger(*value, layers.PathOf(key), 0, kParallelMax, problems).value_or(into);
    if (into == 0) into = kParallelMax;
  };
  parallel("batch", options.batch);
  parallel("batchPerHost", options.batch_per_host);
  if (const Json* agent = layers.Find("userAgent")) {
    options.user_agent =
        ReadString(*agent, layers.PathOf("userAgent"), problems).value_or(options.user_agent);
  }
  if (const Json* redirects = layers.Find("maxRedirects")) {
    options.max_redirects = ReadInteger(*redirects, layers.PathOf("maxRedirects"), 0,
                                        std::numeric_limits<int32_t>::max(), problems)
                                .value_or(options.max_redirects);
  }
  options.network = ReadNetworkOptions(layers, problems);
  ReadSummaryOptions(layers, options, problems);
  ReadTagOptions(layers, options, problems);
  return options;
}

}  // namespace kload::controller
