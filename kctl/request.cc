#include "kctl/request.h"

#include <fmt/format.h>

#include <algorithm>

#include <cmath>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "kctl/dotenv.h"
#include "kctl/option_text.h"
#include "kctl/secret_source.h"
#include "kctl/watch_metrics.h"

namespace kload::kctl {
namespace {

absl::Status CheckCount(const std::string& flag, const std::optional<int64_t>& count,
                        int64_t least) {
  if (!count || *count >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: {} is less than {}", flag, *count, least));
}

absl::StatusOr<Json> TagsJson(const std::vector<std::string>& tags) {
  Json out = Json::object();
  for (const std::string& tag : tags) {
    const size_t equals = tag.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == tag.size()) {
      return absl::InvalidArgumentError(
          fmt::format("--tag: \"{}\" is not NAME=VALUE with both sides filled", tag));
    }
    out[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  return out;
}

absl::StatusOr<v1::OnAgentLoss> ParseOnAgentLoss(const std::string& text) {
  if (text == "rebalance") return v1::ON_AGENT_LOSS_REBALANCE;
  if (text == "continue") return v1::ON_AGENT_LOSS_CONTINUE;
  if (text == "abort") return v1::ON_AGENT_LOSS_ABORT;
  return absl::InvalidArgumentError(
      fmt::format("--on-agent-loss: \"{}\" is not rebalance, continue or abort", text));
}

absl::Status CheckOptions(const RunFlags& flags) {
  KLOAD_RETURN_IF_ERROR(CheckCount("--vus", flags.vus, 1));
  KLOAD_RETURN_IF_ERROR(CheckCount("--iterations", flags.iterations, 1));
  KLOAD_RETURN_IF_ERROR(CheckCount("--max-redirects", flags.max_redirects, 0));
  if (flags.duration) KLOAD_RETURN_IF_ERROR(CheckDuration("--duration", *flags.duration));
  if (flags.min_iteration_duration) {
    KLOAD_RETURN_IF_ERROR(CheckDuration("--min-iteration-duration", *flags.min_iteration_duration));
  }
  for (const auto& [key, count] : flags.counts) {
    KLOAD_RETURN_IF_ERROR(CheckCount("flags." + key, count, 0));
  }
  if (!flags.http_debug.empty() && flags.http_debug != "headers" && flags.http_debug != "full") {
    return absl::InvalidArgumentError(
        fmt::format("--http-debug: \"{}\" is neither headers nor full", flags.http_debug));
  }
  const std::optional<std::string>& unit = flags.summary_time_unit;
  if (unit && *unit != "s" && *unit != "ms" && *unit != "us") {
    return absl::InvalidArgumentError(
        fmt::format("--summary-time-unit: \"{}\" is none of s, ms, us", *unit));
  }
  if (!flags.stages.empty() && (flags.duration || flags.iterations)) {
    return absl::InvalidArgumentError(
        "--stage cannot be combined with --duration or --iterations: stages have their own "
        "durations");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> OptionsJson(const RunFlags& flags) {
  KLOAD_RETURN_IF_ERROR(CheckOptions(flags));
  Json out = Json::object();
  if (flags.vus) out["vus"] = *flags.vus;
  if (flags.duration) out["duration"] = *flags.duration;
  if (flags.iterations) out["iterations"] = *flags.iterations;
  for (const std::string& stage : flags.stages) {
    KLOAD_ASSIGN_OR_RETURN(Json json, StageFromText("--stage", stage));
    out["stages"].push_back(std::move(json));
  }
  if (!flags.tags.empty()) {
    KLOAD_ASSIGN_OR_RETURN(out["tags"], TagsJson(flags.tags));
  }
  if (flags.user_agent) out["userAgent"] = *flags.user_agent;
  if (flags.max_redirects) out["maxRedirects"] = *flags.max_redirects;
  if (flags.min_iteration_duration) out["minIterationDuration"] = *flags.min_iteration_duration;
  if (!flags.summary_trend_stats.empty()) out["summaryTrendStats"] = flags.summary_trend_stats;
  if (flags.summary_time_unit) out["summaryTimeUnit"] = *flags.summary_time_unit;
  if (!flags.system_tags.empty()) out["systemTags"] = flags.system_tags;
  if (!flags.http_debug.empty()) out["httpDebug"] = flags.http_debug;
  for (const auto& [key, value] : flags.switches) out[key] = value;
  for (const auto& [key, value] : flags.counts) out[key] = value;
  for (const auto& [key, value] : flags.texts) out[key] = value;
  for (const auto& [key, values] : flags.lists) {
    if (!values.empty()) out[key] = values;
  }
  if (const auto dns = flags.texts.find("dns"); dns != flags.texts.end()) {
    KLOAD_ASSIGN_OR_RETURN(out["dns"], OptionFromText(OptionKind::kDns, "--dns", dns->second));
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<std::map<std::string, std::string>> ScriptEnv(
    const RunFlags& flags, bool system_default, const std::vector<std::string>& environment,
    const std::map<std::string, std::string>& files) {
  std::map<std::string, std::string> env;
  if (flags.system_env.value_or(system_default)) {
    for (const std::string& entry : environment) {
      const size_t equals = entry.find('=');
      const std::string name = entry.substr(0, std::min(equals, entry.size()));
      // Who starts the run is none of the script's business.
      if (equals == std::string::npos || !IsEnvName(name) || name == "KCTL_TOKEN") continue;
      env[name] = entry.substr(equals + 1);
    }
  }
  for (const auto& [name, value] : files) env[name] = value;
  for (const std::string& entry : flags.env) {
    const size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (!IsEnvName(name)) {
      return absl::InvalidArgumentError(
          fmt::format("--env: \"{}\" is not a variable's name; use letters, digits and _, as in -e "
                      "API_TOKEN=abc",
                      name));
    }
    env[name] = equals == std::string::npos ? "" : entry.substr(equals + 1);
  }
  return env;
}

absl::StatusOr<std::pair<std::string, std::string>> SplitThreshold(const std::string& text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (text[i] != '=' || depth > 0) continue;
    if (i == 0 || i + 1 == text.size()) break;
    return std::pair(text.substr(0, i), text.substr(i + 1));
  }
  return absl::InvalidArgumentError(fmt::format(
      "--threshold: \"{}\" is not SELECTOR=EXPRESSION such as 'http_req_duration=p(95)<200'",
      text));
}

absl::StatusOr<SummaryMode> ParseSummaryMode(const std::string& text) {
  if (text.empty() || text == "compact") return SummaryMode::kCompact;
  if (text == "full") return SummaryMode::kFull;
  if (text == "legacy") return SummaryMode::kLegacy;
  if (text == "disabled") return SummaryMode::kDisabled;
  return absl::InvalidArgumentError(
      fmt::format("--summary-mode: \"{}\" is none of compact, full, legacy, disabled", text));
}

absl::StatusOr<v1::StartRunRequest> BuildRequest(const RunFlags& flags, uint32_t agents_default,
                                                 const std::map<std::string, std::string>& env) {
  v1::StartRunRequest request;
  request.set_script_name(flags.script);
  request.mutable_env()->insert(env.begin(), env.end());
  request.set_agents(flags.agents.value_or(agents_default));
  KLOAD_RETURN_IF_ERROR(CheckDuration("--agents-timeout", flags.agents_timeout));
  KLOAD_ASSIGN_OR_RETURN(const Nanos timeout,
                         ParseDuration(flags.agents_timeout, BareNumber::kRefused));
  request.set_agents_timeout_ns(timeout.count());
  KLOAD_ASSIGN_OR_RETURN(const v1::OnAgentLoss on_loss, ParseOnAgentLoss(flags.on_agent_loss));
  request.set_on_agent_loss(on_loss);
  request.set_strict(flags.strict);
  KLOAD_ASSIGN_OR_RETURN(*request.mutable_options_json(), OptionsJson(flags));
  KLOAD_ASSIGN_OR_RETURN(const std::vector<v1::SecretSource> secrets,
                         ReadSecretSources(flags.secret_sources));
  request.mutable_secret_sources()->Add(secrets.begin(), secrets.end());
  for (const std::string& threshold : flags.thresholds) {
    KLOAD_RETURN_IF_ERROR(SplitThreshold(threshold).status());
    request.add_thresholds(threshold);
  }
  KLOAD_ASSIGN_OR_RETURN(const SummaryMode mode, ParseSummaryMode(flags.summary_mode));
  request.set_full_summary(mode == SummaryMode::kFull);
  if (!std::isfinite(flags.time_scale) || flags.time_scale <= 0) {
    return absl::InvalidArgumentError(
        fmt::format("--time-scale: {} is not a number above 0", flags.time_scale));
  }
  request.set_time_scale(flags.time_scale);
  request.set_no_thresholds(flags.no_thresholds.value_or(false));
  request.set_no_setup(flags.no_setup);
  request.set_no_teardown(flags.no_teardown);
  KLOAD_ASSIGN_OR_RETURN(const v1::TargetWatch watch, WatchFromFlags(flags));
  if (!watch.url().empty()) *request.mutable_watch() = watch;
  return request;
}

}  // namespace kload::kctl
