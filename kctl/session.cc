#include "kctl/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/common.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/k6/bundle.h"
#include "common/modules/tools.h"
#include "common/wire/bundle_wire.h"
#include "kctl/archive_file.h"
#include "kctl/artillery_source.h"
#include "kctl/config_file.h"
#include "kctl/dotenv.h"
#include "kctl/env_targets.h"
#include "kctl/environment.h"
#include "kctl/exit_code.h"
#include "kctl/interrupt.h"
#include "kctl/output/out_plan.h"
#include "kctl/output/output_set.h"
#include "kctl/request.h"
#include "kctl/script_path.h"
#include "kctl/verb.h"
#include "kctl/watch_metrics.h"

namespace kload::kctl {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<OutPlan> OutPlanOf(const RunFlags& flags) {
  Environment environment;
  for (const std::string& entry : EnvironmentEntries()) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos)
      environment[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return PlanOuts(flags.outs, environment);
}

// A text as a file in a folder of its own, which goes with this object. Relative imports find nothing
// there.
class TemporaryScript {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryScript>> Write(const std::string& text) {
    std::string folder = (fs::temp_directory_path() / "kctl-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) {
      return absl::UnavailableError(fmt::format("cannot make a temporary folder {}", folder));
    }
    std::unique_ptr<TemporaryScript> script(new TemporaryScript(folder));
    std::ofstream file(script->path(), std::ios::binary);
    file << text;
    file.close();
    if (!file.good()) {
      return absl::UnavailableError(
          fmt::format("cannot write the script from stdin to {}", script->path()));
    }
    return script;
  }
  ~TemporaryScript() {
    std::error_code ignored;  // a leftover in the temporary folder harms nobody
    fs::remove_all(folder_, ignored);
  }
  TemporaryScript(const TemporaryScript&) = delete;
  TemporaryScript& operator=(const TemporaryScript&) = delete;
  std::string path() const { return folder_ + "/stdin.js"; }

 private:
  explicit TemporaryScript(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
};

// What the user named, before the environment is known that its init code needs.
struct Source {
  std::string path;          // of a script on disk
  std::string library_name;  // for the controller to look up
  std::optional<Archive> archive;
  std::optional<ArtillerySource> artillery;
  std::unique_ptr<TemporaryScript> from_stdin;  // what `path` is then
};

std::string ReadAll(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

Problem OpenArchive(const std::string& bytes, const std::string& name, Source& source) {
  absl::StatusOr<Archive> archive = ReadArchive(bytes);
  if (!archive.ok()) return {Annotate(archive.status(), name), kExitOther};
  source.archive = *std::move(archive);
  return {};
}

Problem OpenStdin(const RunFlags& flags, Source& source) {
  const std::string bytes = ReadAll(std::cin);
  if (flags.type == "archive" || (flags.type.empty() && LooksLikeArchive(bytes))) {
    return OpenArchive(bytes, "stdin", source);
  }
  absl::StatusOr<std::unique_ptr<TemporaryScript>> script = TemporaryScript::Write(bytes);
  if (!script.ok()) return {script.status(), kExitOther};
  source.path = (*script)->path();
  source.from_stdin = *std::move(script);
  return {};
}

Problem OpenSource(const RunFlags& flags, const SessionKind& kind, Source& source) {
  if (flags.script == "-") return OpenStdin(flags, source);
  const absl::StatusOr<ScriptPlace> place = ResolveScript(flags.script, ".", kind.library);
  if (!place.ok()) return {place.status(), kExitOther};
  source.path = place->path;
  source.library_name = place->library_name;
  if (IsArtilleryTest(place->path)) {
    absl::StatusOr<ArtillerySource> test = ArtillerySource::Open(place->path);
    if (!test.ok()) return {test.status(), kExitOther};
    source.artillery = *std::move(test);
    return {};
  }
  if (place->path.empty() || flags.type == "js") return {};
  std::ifstream file(place->path, std::ios::binary);
  std::string head(512, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  if (flags.type != "archive" && !LooksLikeArchive(head)) return {};
  file.clear();
  return OpenArchive(head + ReadAll(file), place->path, source);
}

Problem AddScript(const Source& source, const std::map<std::string, std::string>& env,
                  bool refresh_modules, v1::StartRunRequest& request) {
  if (source.archive) {
    request.set_archive_options_json(source.archive->options_json);
    *request.mutable_bundle() = wire::EncodeBundle(source.archive->bundle);
    return {};
  }
  if (source.path.empty()) {
    request.set_scenario(source.library_name);
    return {};
  }
  modules::Tools tools(refresh_modules);
  const absl::StatusOr<k6::Bundle> bundle = source.artillery
                                                ? source.artillery->MakeBundle(env, tools)
                                                : k6::BundleFromDisk(source.path, env, &tools);
  if (!bundle.ok()) {
    const bool script =
        absl::IsInvalidArgument(bundle.status()) || absl::IsNotFound(bundle.status());
    return {bundle.status(), script ? kExitScript : kExitOther};
  }
  *request.mutable_bundle() = wire::EncodeBundle(*bundle);
  return {};
}

// The layers of options around the script's own.
Problem AddLayers(const RunFlags& flags, const std::vector<std::string>& environment,
                  v1::StartRunRequest& request) {
  absl::StatusOr<std::string> config = ReadConfig(flags.config, DefaultConfigPath(environment));
  if (!config.ok()) {
    return {config.status(),
            absl::IsInvalidArgument(config.status()) ? kExitBadConfig : kExitOther};
  }
  request.set_config_options_json(*std::move(config));
  absl::StatusOr<std::string> options = EnvironmentOptions(environment);
  if (!options.ok()) return {options.status(), kExitBadConfig};
  request.set_environment_options_json(*std::move(options));
  for (const std::string& sentence : IgnoredVariables(environment)) spdlog::warn("{}", sentence);
  return {};
}

// The file's section watch: as if it had been said by flags; a flag of the same name wins.
void AddWatched(const analysis::Targets& targets, RunFlags& flags) {
  if (flags.watch_metrics.empty()) flags.watch_metrics = targets.watch_url;
  const std::vector<std::string> given = flags.watches;
  for (const auto& [name, expression] : targets.watch) {
    const bool known = std::any_of(given.begin(), given.end(), [&](const std::string& each) {
      return each.starts_with(name + "=");
    });
    if (!known) flags.watches.push_back(fmt::format("{}={}", name, expression));
  }
}

// What the files ask for: thresholds go to the flags, the rest is judged at the end.
Problem AddTargets(RunFlags& flags, const std::map<std::string, std::string>& files,
                   AfterRun& after) {
  absl::StatusOr<EnvTargets> of_env = TargetsOfEnv(files);
  if (!of_env.ok()) return {Annotate(of_env.status(), "--env-file"), kExitBadConfig};
  auto targets = TargetsOf(flags, of_env->figures);
  if (!targets.ok()) return {targets.status(), kExitBadConfig};
  after = {.targets = *std::move(targets),
           .missed_fails = flags.fail_on == "missed",
           .export_file = flags.export_file,
           .findings = flags.findings,
           .table_to_stderr = flags.output == "json"};
  if (after.targets) AddWatched(*after.targets, flags);
  for (const std::string& warning : of_env->warnings) spdlog::warn("{}", warning);
  for (std::string& threshold : of_env->thresholds) {
    flags.thresholds.push_back(std::move(threshold));
  }
  return {};
}

bool ShowsProgress(const RunFlags& flags, const GlobalFlags& global) {
  return !global.quiet && flags.output != "json";
}

// What the banner says of outputs.
std::string OutputLine(const RunFlags& flags) {
  const absl::StatusOr<OutPlan> outs = OutPlanOf(flags);
  if (outs.ok() && !outs->descriptions.empty()) {
    return fmt::format("{}", fmt::join(outs->descriptions, ", "));
  }
  return flags.summary_export.empty() ? "-" : fmt::format("json ({})", flags.summary_export);
}

// Whether stdout is a terminal that a block can be redrawn on.
bool OnTerminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

void WriteToStdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool ColorOf(const GlobalFlags& global) {
  return UseColor(isatty(STDOUT_FILENO) == 1, global.no_color, std::getenv("NO_COLOR"),
                  std::getenv("CLICOLOR_FORCE"));
}

// After the summary, for people.
void ShowWatched(Client& client, const std::string& run_id, const FollowOptions& options,
                 Screen& screen) {
  if (options.json || options.summary_mode == SummaryMode::kDisabled) return;
  const absl::StatusOr<v1::GetRunResponse> run = client.GetRun(run_id);
  if (!run.ok()) {
    spdlog::warn("what was watched cannot be shown: {}", Message(run.status()));
    return;
  }
  screen.Print(WatchedText(*run));
}

}  // namespace

Problem MakeRequest(RunFlags& flags, const SessionKind& kind, v1::StartRunRequest& request,
                    AfterRun& after) {
  const std::vector<std::string> environment = EnvironmentEntries();
  if (const absl::Status bad = CompleteFromEnvironment(environment, flags); !bad.ok()) {
    return {bad, kExitOther};
  }
  if (!flags.console_output.empty()) {
    const absl::Status opened = LogConsoleTo(flags.console_output);
    if (!opened.ok()) return {Annotate(opened, "--console-output"), kExitOther};
  }
  Source source;
  if (Problem problem = OpenSource(flags, kind, source); !problem.status.ok()) return problem;
  if (const absl::Status bad = CheckArtilleryFlags(flags, source.artillery.has_value());
      !bad.ok()) {
    return {bad, kExitOther};
  }
  const auto files = ReadEnvFiles(flags.env_files);
  if (!files.ok()) return {files.status(), kExitOther};
  if (Problem problem = AddTargets(flags, *files, after); !problem.status.ok()) return problem;
  auto env = ScriptEnv(flags, kind.system_env, environment, *files);
  if (!env.ok()) return {env.status(), kExitOther};
  if (source.archive) env->insert(source.archive->env.begin(), source.archive->env.end());
  if (source.artillery) {
    source.artillery->AddNamedVariables(environment, *env);
    const absl::Status read = source.artillery->Read(flags.artillery, *env);
    if (!read.ok()) return {read, kExitScript};
  }
  absl::StatusOr<v1::StartRunRequest> built = BuildRequest(flags, kind.agents_default, *env);
  if (!built.ok()) return {built.status(), kExitOther};
  request = *std::move(built);
  if (Problem problem = AddLayers(flags, environment, request); !problem.status.ok()) {
    return problem;
  }
  const absl::StatusOr<OutPlan> outs = OutPlanOf(flags);
  if (!outs.ok()) return {outs.status(), kExitOther};
  request.set_samples(!outs->files.empty());
  for (const v1::PrometheusWrite& each : outs->prometheus) *request.add_prometheus() = each;
  return AddScript(source, *env, flags.refresh_modules, request);
}

Problem AskForRun(Client& client, const v1::StartRunRequest& request, v1::StartRunResponse& begun) {
  absl::StatusOr<v1::StartRunResponse> response =
      client.StartRun(request, [] { return InterruptsSeen() == 0; });
  if (!response.ok() && InterruptsSeen() > 0) {
    return {absl::CancelledError("interrupted before the run had begun"), kExitInterrupted};
  }
  if (!response.ok()) {
    const bool config = absl::IsInvalidArgument(response.status());
    return {response.status(), config ? kExitBadConfig : kExitOther};
  }
  if (response->has_failure()) {
    const int code = response->failure().exit_code();
    return {absl::FailedPreconditionError(response->failure().message()),
            code == 0 ? kExitOther : code};
  }
  begun = *std::move(response);
  return {};
}

absl::StatusOr<FollowOptions> FollowOptionsOf(const RunFlags& flags, const GlobalFlags& global,
                                              const SessionKind& kind, const std::string& run_id) {
  FollowOptions options;
  KLOAD_ASSIGN_OR_RETURN(options.summary_mode, ParseSummaryMode(flags.summary_mode));
  options.json = flags.output == "json";
  options.summary_export = flags.summary_export;
  options.report = flags.report;
  options.interrupts = InterruptsSeen;
  options.view.progress = ShowsProgress(flags, global);
  options.view.agent_names = kind.agent_names;
  options.view.header = {.execution = kind.execution,
                         .script = flags.script,
                         .run_id = kind.shows_run_id ? run_id : "",
                         .output = OutputLine(flags)};
  return options;
}

Terminal::Terminal(bool progress, const GlobalFlags& global)
    : screen_(WriteToStdout, progress && OnTerminal(), ColorOf(global)),
      above_(screen_, global.verbose ? spdlog::level::trace : spdlog::level::warn) {}

Terminal::Terminal(const RunFlags& flags, const GlobalFlags& global)
    : Terminal(ShowsProgress(flags, global), global) {}

absl::StatusOr<std::unique_ptr<OutputSet>> OpenOutputs(const RunFlags& flags, Screen& screen) {
  KLOAD_ASSIGN_OR_RETURN(const OutPlan plan, OutPlanOf(flags));
  return OutputSet::Open(plan, [&screen](std::string_view text) { screen.Print(text); });
}

int StartAndFollow(Client& client, const v1::StartRunRequest& request, const RunFlags& flags,
                   const GlobalFlags& global, const SessionKind& kind, Screen& screen,
                   OutputSet& outputs, const AfterRun& after) {
  v1::StartRunResponse begun;
  const Problem refused = AskForRun(client, request, begun);
  if (!refused.status.ok()) return Fail(refused.status, refused.exit_code);
  absl::StatusOr<FollowOptions> options = FollowOptionsOf(flags, global, kind, begun.run_id());
  if (!options.ok()) return Fail(options.status(), kExitOther);
  if (begun.handles_summary() && options->summary_mode != SummaryMode::kDisabled) {
    options->handle_summary =
        SummaryScript{.bundle = begun.has_bundle() ? begun.bundle() : request.bundle(),
                      .env = {request.env().begin(), request.env().end()},
                      .timeout = Nanos(begun.handle_summary_timeout_ns()),
                      .no_color = !screen.color()};
  }
  if (!outputs.empty()) options->outputs = &outputs;
  const int exit_code = Follow(client, begun.run_id(), *options, screen, SystemClock());
  if (request.has_watch()) ShowWatched(client, begun.run_id(), *options, screen);
  return ConcludeRun(client, begun.run_id(), after, screen, exit_code);
}

}  // namespace kload::kctl
