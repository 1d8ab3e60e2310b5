#include "kctl/environment.h"

#include <unistd.h>

#include <fmt/format.h>

#include "common/base/status.h"
#include "kctl/option_text.h"

namespace kload::kctl {
namespace {

struct OptionVariable {
  const char* variable;
  const char* option;
  OptionKind kind;
};

// k6 has none for scenarios, execution segments, tlsVersion and ext.
constexpr OptionVariable kOptionVariables[] = {
    {"K6_VUS", "vus", OptionKind::kCount},
    {"K6_DURATION", "duration", OptionKind::kDuration},
    {"K6_ITERATIONS", "iterations", OptionKind::kCount},
    {"K6_STAGES", "stages", OptionKind::kStages},
    {"K6_PAUSED", "paused", OptionKind::kSwitch},
    {"K6_NO_SETUP", "noSetup", OptionKind::kSwitch},
    {"K6_SETUP_TIMEOUT", "setupTimeout", OptionKind::kDuration},
    {"K6_NO_TEARDOWN", "noTeardown", OptionKind::kSwitch},
    {"K6_TEARDOWN_TIMEOUT", "teardownTimeout", OptionKind::kDuration},
    {"K6_HANDLE_SUMMARY_TIMEOUT", "handleSummaryTimeout", OptionKind::kDuration},
    {"K6_RPS", "rps", OptionKind::kCount},
    {"K6_DNS", "dns", OptionKind::kDns},
    {"K6_MAX_REDIRECTS", "maxRedirects", OptionKind::kCount},
    {"K6_USER_AGENT", "userAgent", OptionKind::kText},
    {"K6_BATCH", "batch", OptionKind::kCount},
    {"K6_BATCH_PER_HOST", "batchPerHost", OptionKind::kCount},
    {"K6_HTTP_DEBUG", "httpDebug", OptionKind::kText},
    {"K6_INSECURE_SKIP_TLS_VERIFY", "insecureSkipTLSVerify", OptionKind::kSwitch},
    {"K6_TLS_CIPHER_SUITES", "tlsCipherSuites", OptionKind::kList},
    {"K6_TLSAUTH", "tlsAuth", OptionKind::kJson},
    {"K6_THROW", "throw", OptionKind::kSwitch},
    {"K6_THRESHOLDS", "thresholds", OptionKind::kJson},
    {"K6_BLACKLIST_IPS", "blacklistIPs", OptionKind::kList},
    {"K6_BLOCK_HOSTNAMES", "blockHostnames", OptionKind::kList},
    {"K6_HOSTS", "hosts", OptionKind::kJson},
    {"K6_NO_CONNECTION_REUSE", "noConnectionReuse", OptionKind::kSwitch},
    {"K6_NO_VU_CONNECTION_REUSE", "noVUConnectionReuse", OptionKind::kSwitch},
    {"K6_MIN_ITERATION_DURATION", "minIterationDuration", OptionKind::kDuration},
    {"K6_SUMMARY_TREND_STATS", "summaryTrendStats", OptionKind::kList},
    {"K6_SUMMARY_TIME_UNIT", "summaryTimeUnit", OptionKind::kText},
    {"K6_SYSTEM_TAGS", "systemTags", OptionKind::kList},
    {"K6_TAGS", "tags", OptionKind::kTags},
    {"K6_METRIC_SAMPLES_BUFFER_SIZE", "metricSamplesBufferSize", OptionKind::kCount},
    {"K6_NO_COOKIES_RESET", "noCookiesReset", OptionKind::kSwitch},
    {"K6_DISCARD_RESPONSE_BODIES", "discardResponseBodies", OptionKind::kSwitch},
    {"K6_LOCAL_IPS", "localIPs", OptionKind::kText},
};

constexpr std::pair<const char*, const char*> kIgnored[] = {
    {"K6_LINGER", "the controller keeps the last run's metrics at its --http address"},
    {"K6_ADDRESS", "runs are steered by `kctl get`, `kctl watch` and `kctl stop`"},
    {"K6_NEW_MACHINE_READABLE_SUMMARY", "--summary-export has k6's classic shape"},
    {"K6_TRACES_OUTPUT", "kload sends no traces"},
    {"K6_SECRET_SOURCE", "secrets can be passed with --env-file"},
    {"K6_FEATURES", "k6's feature switches have no counterpart"},
    {"K6_PROFILING_ENABLED", "kload has no profiling endpoints"},
    {"K6_WEB_DASHBOARD", "Grafana's dashboard shows a run live, see the README"},
    {"K6_EXECUTION_SEGMENT", "--agents splits a test"},
    {"K6_EXECUTION_SEGMENT_SEQUENCE", "--agents splits a test"},
};

absl::StatusOr<std::optional<bool>> SwitchOf(const std::vector<std::string>& environment,
                                             const std::string& name) {
  const std::string text = VariableOf(environment, name);
  if (text.empty()) return std::optional<bool>();
  KLOAD_ASSIGN_OR_RETURN(const Json value, OptionFromText(OptionKind::kSwitch, name, text));
  return std::optional<bool>(value.get<bool>());
}

}  // namespace

std::string VariableOf(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return "";
}

absl::StatusOr<std::string> EnvironmentOptions(const std::vector<std::string>& environment) {
  Json options = Json::object();
  for (const OptionVariable& known : kOptionVariables) {
    const std::string text = VariableOf(environment, known.variable);
    if (text.empty()) continue;
    KLOAD_ASSIGN_OR_RETURN(options[known.option], OptionFromText(known.kind, known.variable, text));
  }
  return options.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::Status CompleteFromEnvironment(const std::vector<std::string>& environment, RunFlags& flags) {
  const auto fill = [&](std::string& into, const char* name) {
    if (into.empty()) into = VariableOf(environment, name);
  };
  KLOAD_ASSIGN_OR_RETURN(const std::optional<bool> no_summary,
                         SwitchOf(environment, "K6_NO_SUMMARY"));
  if (no_summary.value_or(false) && flags.summary_mode.empty()) flags.summary_mode = "disabled";
  fill(flags.summary_mode, "K6_SUMMARY_MODE");
  fill(flags.summary_export, "K6_SUMMARY_EXPORT");
  fill(flags.console_output, "K6_CONSOLE_OUTPUT");
  fill(flags.config, "K6_CONFIG");
  fill(flags.type, "K6_TYPE");
  if (!flags.no_thresholds) {
    KLOAD_ASSIGN_OR_RETURN(flags.no_thresholds, SwitchOf(environment, "K6_NO_THRESHOLDS"));
  }
  if (!flags.system_env) {
    KLOAD_ASSIGN_OR_RETURN(flags.system_env, SwitchOf(environment, "K6_INCLUDE_SYSTEM_ENV_VARS"));
  }
  return absl::OkStatus();
}

std::vector<std::string> IgnoredVariables(const std::vector<std::string>& environment) {
  std::vector<std::string> sentences;
  for (const auto& [name, instead] : kIgnored) {
    const std::string value = VariableOf(environment, name);
    if (value.empty() || value == "false" || value == "none") continue;
    sentences.push_back(
        fmt::format("{} is not available in kload, it is ignored; {}", name, instead));
  }
  return sentences;
}

std::vector<std::string> EnvironmentEntries() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
  }
  return entries;
}

}  // namespace kload::kctl
