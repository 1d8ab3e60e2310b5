// What a user can say on the command line, as plain values; CLI11 stays behind flags.cc and the
// verbs.
//
// Data path: argv -> GlobalFlags, RunFlags -> StartRunRequest (request.h).
// Thread:    plain values, main thread.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kload::kctl {

// Flags that every verb takes, before or after the verb's name.
struct GlobalFlags {
  std::string controller;  // host:port; empty: see connection.h
  std::string certs;       // folder; empty: likewise
  bool quiet = false;
  bool no_color = false;
  bool verbose = false;
  std::string log_output = "stderr";  // see LogSettings
  std::string log_format;
};

// Flags of `start` and `run` and, in part, of `inspect` and `archive`, as typed. Text is checked when it becomes a request (request.h).
struct RunFlags {
  std::string script;            // path, name or "-"
  std::string type;              // js or archive; empty: seen from the file
  std::string config;            // config file; empty: the user's own, if there is one
  std::vector<std::string> env;  // K=V
  std::vector<std::string> env_files;
  std::optional<bool> system_env;           // --include-system-env-vars; unset: the verb's default
  std::vector<std::string> secret_sources;  // TYPE=...; see secret_source.h
  bool refresh_modules = false;             // fetch remote modules that the cache has too

  // Options of the script that the flags win over.
  std::optional<int64_t> vus;
  std::optional<std::string> duration;
  std::optional<int64_t> iterations;
  std::vector<std::string> stages;  // duration:target
  std::vector<std::string> tags;    // name=value
  std::optional<std::string> user_agent;
  std::optional<int64_t> max_redirects;
  std::optional<std::string> min_iteration_duration;
  std::vector<std::string> summary_trend_stats;
  std::optional<std::string> summary_time_unit;
  std::vector<std::string> system_tags;
  // Key of the option (noVUConnectionReuse) -> value.
  std::map<std::string, bool> switches;
  std::map<std::string, int64_t> counts;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::string>> lists;
  std::string http_debug;  // headers, full or empty

  std::vector<std::string> thresholds;  // selector=expression, on top of the script's
  std::optional<bool> no_thresholds;
  bool no_setup = false;
  bool no_teardown = false;
  double time_scale = 1;

  std::optional<uint32_t> agents;  // unset: the verb's default
  std::string agents_timeout = "30s";
  std::string on_agent_loss = "rebalance";  // continue, abort
  bool strict = false;                      // a result that is not trustworthy is a failure
  std::string summary_mode;                 // empty: compact
  std::string summary_export;               // file; empty: none
  std::string export_file;                  // the whole result; empty: none
  std::string targets_file;                 // targets.yaml; empty: none
  bool findings = false;                    // symptoms after the summary
  std::string fail_on = "critical";         // or missed: which targets fail the run
  std::string console_output;               // file; empty: with the other log lines
  std::string output = "text";              // text or json
  std::vector<std::string> outs;            // NAME or NAME=ARGUMENT

  std::string watch_metrics;         // URL of the target's Prometheus page; empty: none
  std::vector<std::string> watches;  // NAME=EXPRESSION
  std::string watch_interval;        // empty: a second
};

// Adds --controller, --quiet, --no-color, --verbose and those of the log. `flags` must outlive the app.
void AddGlobalFlags(CLI::App& app, GlobalFlags& flags);
// Adds the positional SCRIPT and all flags of a run. `flags` must outlive the app.
void AddRunFlags(CLI::App& app, RunFlags& flags);
// Only the positional SCRIPT and what it is read with: environment, config file.
void AddScriptFlags(CLI::App& app, RunFlags& flags);
// Only what becomes an option of the script.
void AddOptionFlags(CLI::App& app, RunFlags& flags);

// The error for an argument that no verb knows, with the nearest known flag or, for a flag that
// only k6 has, what to do instead. `known`: names with dashes.
absl::Status UnknownArgument(const std::string& argument, const std::vector<std::string>& known,
                             const std::string& verb);

}  // namespace kload::kctl
