#include "kctl/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "common/base/nearest_name.h"

namespace kload::kctl {
namespace {

// A flag that may be given several times and takes exactly one value each time, so that the
// script's name after it is not swallowed.
CLI::Option* Repeatable(CLI::App& app, const std::string& names, std::vector<std::string>& into,
                        const std::string& help) {
  return app.add_option(names, into, help)->allow_extra_args(false);
}

void AddSwitch(CLI::App& app, const std::string& names, RunFlags& flags, const std::string& key,
               const std::string& help) {
  app.add_flag_function(
      names, [&flags, key](int64_t count) { flags.switches[key] = count > 0; }, help);
}

void AddCount(CLI::App& app, const std::string& names, RunFlags& flags, const std::string& key,
              const std::string& help) {
  app.add_option_function<int64_t>(
         names, [&flags, key](const int64_t& count) { flags.counts[key] = count; }, help)
      ->type_name("N");
}

CLI::Option* AddText(CLI::App& app, const std::string& names, RunFlags& flags,
                     const std::string& key, const std::string& help) {
  return app.add_option_function<std::string>(
      names, [&flags, key](const std::string& text) { flags.texts[key] = text; }, help);
}

CLI::Option* AddList(CLI::App& app, const std::string& names, RunFlags& flags,
                     const std::string& key, const std::string& help) {
  return Repeatable(app, names, flags.lists[key], help)->delimiter(',');
}

void AddLoadFlags(CLI::App& app, RunFlags& flags) {
  const std::string group = "Load";
  app.add_option("-u,--vus", flags.vus, "virtual users")->group(group)->type_name("N");
  app.add_option("-d,--duration", flags.duration, "how long, such as 30s or 1m30s")
      ->group(group)
      ->type_name("DUR");
  app.add_option("-i,--iterations", flags.iterations, "iterations, shared by all VUs")
      ->group(group)
      ->type_name("N");
  Repeatable(app, "-s,--stage", flags.stages, "ramp to a number of VUs, 30s:10; repeatable")
      ->delimiter(',')
      ->group(group)
      ->type_name("DUR:VUS");
  app.add_option("--min-iteration-duration", flags.min_iteration_duration,
                 "least time from one iteration's start to the next")
      ->group(group)
      ->type_name("DUR");
  app.add_flag("--no-setup", flags.no_setup, "do not call setup()")->group(group);
  app.add_flag("--no-teardown", flags.no_teardown, "do not call teardown()")->group(group);
}

void AddHttpFlags(CLI::App& app, RunFlags& flags) {
  app.add_option("--user-agent", flags.user_agent, "User-Agent header of requests");
  app.add_option("--max-redirects", flags.max_redirects, "redirects to follow (10)")
      ->type_name("N");
  AddCount(app, "--rps", flags, "rps", "most requests per second of all VUs together; 0: no limit");
  AddCount(app, "--batch", flags, "batch", "parallel requests of http.batch() (20)");
  AddCount(app, "--batch-per-host", flags, "batchPerHost", "the same, to one host (6)");
  AddText(app, "--dns", flags, "dns", "ttl=5m,select=random,policy=preferIPv4")
      ->type_name("KEY=VALUE,...");
  AddList(app, "--block-hostnames", flags, "blockHostnames", "hosts that requests must not go to")
      ->type_name("PATTERN,...");
  AddList(app, "--blacklist-ip", flags, "blacklistIPs", "addresses that requests must not go to")
      ->type_name("CIDR,...");
  AddText(app, "--local-ips", flags, "localIPs", "addresses that VUs send from, in turn")
      ->type_name("IP,IP-IP,CIDR");
  app.add_flag("--http-debug{headers}", flags.http_debug,
               "log requests and responses; --http-debug=full with bodies");
  AddSwitch(app, "--no-cookies-reset", flags, "noCookiesReset", "keep cookies between iterations");
  AddSwitch(app, "--insecure-skip-tls-verify", flags, "insecureSkipTLSVerify",
            "accept any TLS certificate");
  AddSwitch(app, "--no-connection-reuse", flags, "noConnectionReuse",
            "a new connection per request");
  AddSwitch(app, "--no-vu-connection-reuse", flags, "noVUConnectionReuse",
            "new connections per iteration");
  AddSwitch(app, "--discard-response-bodies", flags, "discardResponseBodies",
            "read response bodies but do not keep them");
  AddSwitch(app, "-w,--throw", flags, "throw", "a failed request throws an exception");
}

// What a test's results carry.
void AddTagFlags(CLI::App& app, RunFlags& flags) {
  const std::string group = "Result";
  Repeatable(app, "--tag", flags.tags, "name=value on every sample; repeatable")->group(group);
  Repeatable(app, "--system-tags", flags.system_tags, "system tags to keep, comma separated")
      ->delimiter(',')
      ->group(group);
  Repeatable(app, "--threshold", flags.thresholds,
             "one more threshold, 'http_req_duration=p(95)<200'; repeatable")
      ->group(group)
      ->type_name("SELECTOR=EXPR");
  Repeatable(app, "--summary-trend-stats", flags.summary_trend_stats,
             "columns of trends: avg,min,med,max,count,p(N)")
      ->delimiter(',')
      ->group(group);
  app.add_option("--summary-time-unit", flags.summary_time_unit, "s, ms or us")->group(group);
}

void AddResultFlags(CLI::App& app, RunFlags& flags) {
  const std::string group = "Result";
  app.add_flag_function(
         "--no-thresholds", [&flags](int64_t count) { flags.no_thresholds = count > 0; },
         "ignore all thresholds")
      ->group(group);
  app.add_option("--summary-mode", flags.summary_mode, "compact, full, legacy or disabled")
      ->group(group);
  app.add_flag_callback(
         "--no-summary", [&flags] { flags.summary_mode = "disabled"; },
         "the same as --summary-mode disabled")
      ->group(group);
  app.add_option("--console-output", flags.console_output,
                 "file that takes what the script prints by console.*")
      ->group(group)
      ->type_name("FILE");
  app.add_option("--summary-export", flags.summary_export, "write the summary as JSON")
      ->group(group)
      ->type_name("FILE");
  app.add_option("--export", flags.export_file,
                 "write the whole result, with its histograms, for kctl report and kctl compare")
      ->group(group)
      ->type_name("FILE");
  app.add_option(
         "--targets", flags.targets_file,
         "targets by endpoint category, throughput and reliability: a verdict for each at the "
         "end; exit code 99 when one is critical")
      ->group(group)
      ->type_name("FILE");
  app.add_flag("--findings", flags.findings,
               "print what the run shows: breaking point, slow endpoints, drift ...; also in `kctl "
               "get run` and `kctl report`")
      ->group(group);
  app.add_option("--fail-on", flags.fail_on, "targets that fail the run: critical, or missed")
      ->group(group)
      ->check(CLI::IsMember({"critical", "missed"}).description(""));
  Repeatable(app, "--out", flags.outs,
             "json=FILE, csv=FILE: every raw sample; prometheus=HOST:PORT, "
             "experimental-prometheus-rw=URL: remote write; repeatable, also from K6_OUT")
      ->group(group)
      ->type_name("NAME[=ARGUMENT]");
  // k6's -o is --out: what is no form of ours goes there.
  app.add_option_function<std::vector<std::string>>(
         "-o,--output",
         [&flags](const std::vector<std::string>& values) {
           for (const std::string& value : values) {
             const bool form = value == "text" || value == "json";
             // A file as `artillery run --output` writes it.
             const bool report = value.ends_with(".json") && value.find('=') == std::string::npos;
             (form ? flags.output : report ? flags.report : flags.outs.emplace_back()) = value;
           }
         },
         "text, or json: print the summary's JSON and nothing else on stdout; NAME.json: write a "
         "report "
         "in Artillery's shape; else as --out")
      ->group(group)
      ->allow_extra_args(false);
}

void AddWatchFlags(CLI::App& app, RunFlags& flags) {
  const std::string group = "Target";
  app.add_option("--watch-metrics", flags.watch_metrics,
                 "the target's own Prometheus page, read by the controller during the run")
      ->group(group)
      ->type_name("URL");
  Repeatable(app, "--watch", flags.watches,
             "what of it to keep beside the run's series, 'jobs=rate(jobs_total[10s])'; repeatable")
      ->group(group)
      ->type_name("NAME=EXPRESSION");
  app.add_option("--watch-interval", flags.watch_interval, "from one look to the next (1s)")
      ->group(group)
      ->type_name("DUR");
}

// Flags of k6 that kload does not have, and what to do instead.
constexpr std::pair<std::string_view, std::string_view> kK6Only[] = {
    {"--paused", "start the run when the load shall begin"},
    {"-p", "start the run when the load shall begin"},
    {"--execution-segment", "kload splits the test over --agents N by itself"},
    {"--execution-segment-sequence", "kload splits the test over --agents N by itself"},
    {"--linger", "the controller keeps the last run's metrics at its --http address"},
    {"-l", "the controller keeps the last run's metrics at its --http address"},
    {"--new-machine-readable-summary", "--summary-export has k6's classic shape"},
    {"--traces-output", "kload sends no traces"},
    {"--features", "k6's feature switches have no counterpart"},
    {"--profiling-enabled", "kload has no profiling endpoints"},
    {"--address", "runs are steered by `kctl get`, `kctl watch` and `kctl stop`"},
};

}  // namespace

void AddGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  const std::string group = "Global";
  app.add_option("--controller", flags.controller,
                 "address of the controller; also from KCTL_CONTROLLER or `kctl config` "
                 "(127.0.0.1:7070)")
      ->group(group)
      ->type_name("HOST:PORT");
  app.add_option(
         "--certs", flags.certs,
         "folder of `kctl certs init` with the controller's authority; also from KCTL_CERTS")
      ->group(group)
      ->type_name("DIR");
  app.add_flag("-q,--quiet", flags.quiet, "no banner and no progress; the summary is still printed")
      ->group(group);
  app.add_flag("--no-color", flags.no_color, "no colours; as the environment's NO_COLOR")
      ->group(group);
  app.add_flag("-v,--verbose", flags.verbose, "show debug lines")->group(group);
  app.add_option("--log-output", flags.log_output,
                 "stderr, stdout, none or file=PATH, with ,level=LEVEL at will")
      ->group(group);
  app.add_option("--log-format", flags.log_format, "text, json or raw")->group(group);
}

namespace {

// `artillery run`'s, where they are not k6's. Its -e NAME is understood as well.
void AddArtilleryFlags(CLI::App& app, artillery::TestFlags& flags) {
  const std::string group = "Artillery tests";
  const auto add = [&](const char* name, std::string& into, const char* help, const char* type) {
    app.add_option(name, into, help)->group(group)->type_name(type);
  };
  add("--environment", flags.environment, "one of config.environments; also -e NAME", "NAME");
  add("--target", flags.target, "instead of config.target", "URL");
  add("--variables", flags.variables, "values for {{ name }}, '{\"name\": 1}'", "JSON");
  add("--overrides", flags.overrides, "laid over the test, '{\"config\": {}}'", "JSON");
  add("--payload", flags.payload, "CSV file, instead of config.payload.path", "FILE");
  add("--scenario-name", flags.scenario_name, "run only this scenario", "NAME");
}

}  // namespace

void AddScriptFlags(CLI::App& app, RunFlags& flags) {
  AddArtilleryFlags(app, flags.artillery);
  app.add_option("script", flags.script,
                 "a k6 script, an Artillery test (.yml) or an archive; - for stdin")
      ->required()
      ->type_name("SCRIPT");
  app.add_option("-t,--type", flags.type, "js or archive, where the file does not show it")
      ->check(CLI::IsMember({"js", "archive"}).description(""));
  app.add_option("-c,--config", flags.config,
                 "JSON file with options, weaker than the script's (~/.config/kload/config.json)")
      ->type_name("FILE");
  Repeatable(app, "-e,--env", flags.env, "variable of the script's __ENV; repeatable")
      ->type_name("NAME=VALUE");
  Repeatable(app, "--env-file", flags.env_files,
             "file of NAME=VALUE lines for __ENV; -e wins over it; repeatable")
      ->type_name("FILE");
  app.add_flag_function(
      "--include-system-env-vars", [&flags](int64_t count) { flags.system_env = count > 0; },
      "copy this process' environment into __ENV");
  Repeatable(
      app, "--secret-source", flags.secret_sources,
      "values for k6/secrets: file=PATH of lines KEY=VALUE, or mock=KEY=VALUE,...; repeatable")
      ->type_name("TYPE=...");
  app.add_flag("--refresh-modules", flags.refresh_modules,
               "fetch https:// modules again instead of taking them from the cache");
  // The script engine understands what k6's modes differ in, and nothing is ever reported to anybody.
  app.add_option_function<std::string>(
         "--compatibility-mode", [](const std::string&) {}, "k6's flag, without effect")
      ->check(CLI::IsMember({"extended", "base", "experimental_enhanced"}).description(""));
}

void AddOptionFlags(CLI::App& app, RunFlags& flags) {
  AddLoadFlags(app, flags);
  AddHttpFlags(app, flags);
  AddTagFlags(app, flags);
}

void AddRunFlags(CLI::App& app, RunFlags& flags) {
  AddScriptFlags(app, flags);
  app.add_flag_callback(
      "--no-usage-report", [] {}, "k6's flag, without effect: nothing is reported");
  app.add_option("--time-scale", flags.time_scale,
                 "multiply stages, durations, start times and sleep(), but not arrival rates; 0.1 "
                 "rehearses 10 "
                 "minutes in 1")
      ->group("Load")
      ->type_name("F");
  app.add_option("--agents", flags.agents, "agents to spread the test over")->type_name("N");
  app.add_option("--agents-timeout", flags.agents_timeout, "how long to wait for them (30s)")
      ->type_name("DUR");
  app.add_option(
         "--on-agent-loss", flags.on_agent_loss,
         "when an agent is lost: rebalance (its part goes to the others), continue or abort")
      ->type_name("WHAT");
  app.add_flag("--strict", flags.strict,
               "fail (exit code 98) unless the result is trustworthy: generators that kept up, no "
               "agent lost, data for every threshold");
  AddOptionFlags(app, flags);
  AddResultFlags(app, flags);
  AddWatchFlags(app, flags);
}

absl::Status UnknownArgument(const std::string& argument, const std::vector<std::string>& known,
                             const std::string& verb) {
  const std::string help = fmt::format("see `kctl {}--help`", verb.empty() ? "" : verb + " ");
  if (!argument.starts_with('-') && verb.empty()) {
    return absl::InvalidArgumentError(fmt::format("unknown verb \"{}\"; {}", argument, help));
  }
  if (!argument.starts_with('-')) {
    return absl::InvalidArgumentError(
        fmt::format("unexpected argument \"{}\"; {}", argument, help));
  }
  const std::string name = argument.substr(0, argument.find('='));
  for (const auto& [flag, remedy] : kK6Only) {
    if (name == flag) {
      return absl::InvalidArgumentError(fmt::format(
          "unknown flag {}: it is a flag of k6 that kload does not have; {}", name, remedy));
    }
  }
  const std::optional<std::string> nearest = NearestName(name, {known.begin(), known.end()});
  if (!nearest) return absl::InvalidArgumentError(fmt::format("unknown flag {}; {}", name, help));
  return absl::InvalidArgumentError(
      fmt::format("unknown flag {}: did you mean {}? {}", name, *nearest, help));
}

}  // namespace kload::kctl
