#include "controller/run/admission.h"

#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "common/base/status.h"
#include "common/k6/bundle.h"
#include "common/modules/tools.h"
#include "common/wire/bundle_wire.h"
#include "common/wire/plan_wire.h"
#include "controller/script/inspect.h"
#include "controller/watch/watch_spec.h"

namespace kload::controller {
namespace {

constexpr int kExitBadConfig = 104;
constexpr int kExitScript = 107;
constexpr int kExitAborted = 108;
constexpr int kExitOther = 255;

using Env = std::map<std::string, std::string>;
template <typename T>
using OrFailure = std::variant<T, RunFailure>;

bool IsScenarioName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

RunFailure UnknownScenario(const std::string& name, const std::string& scenarios_dir) {
  if (scenarios_dir.empty()) {
    return {
        kExitOther,
        fmt::format(
            "there is no script '{}', and the controller has no library of scenarios to find it in "
            "(kload-controller --scenarios DIR)",
            name)};
  }
  const std::vector<std::string> names = ScenarioNames(scenarios_dir);
  return {kExitOther,
          fmt::format("there is no script '{}', and no scenario of that name in the controller's "
                      "library; it has: {}",
                      name, names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")))};
}

OrFailure<k6::Bundle> FromLibrary(const std::string& name, const std::string& scenarios_dir,
                                  const Env& env) {
  if (!IsScenarioName(name) || scenarios_dir.empty()) return UnknownScenario(name, scenarios_dir);
  for (const char* extension : {".js", ".ts"}) {
    const std::filesystem::path path = std::filesystem::path(scenarios_dir) / (name + extension);
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;
    modules::Tools tools(/*refresh=*/false);
    absl::StatusOr<k6::Bundle> bundle = k6::BundleFromDisk(path.string(), env, &tools);
    if (!bundle.ok()) return RunFailure{kExitScript, Message(bundle.status())};
    return *std::move(bundle);
  }
  return UnknownScenario(name, scenarios_dir);
}

OrFailure<k6::Bundle> FindScript(const v1::StartRunRequest& request,
                                 const std::string& scenarios_dir, const Env& env) {
  if (request.has_bundle()) {
    absl::StatusOr<k6::Bundle> bundle = wire::DecodeBundle(request.bundle());
    if (!bundle.ok()) {
      return RunFailure{
          kExitOther, fmt::format("the script did not arrive whole: {}", Message(bundle.status()))};
    }
    return *std::move(bundle);
  }
  if (request.script_case() == v1::StartRunRequest::kScenario) {
    return FromLibrary(request.scenario(), scenarios_dir, env);
  }
  return RunFailure{kExitOther, "the request has neither a script nor the name of a scenario"};
}

bool Has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Tags that thresholds select by although agents leave them off series.
std::vector<std::string> SeriesTags(const std::vector<ThresholdSpec>& specs) {
  std::vector<std::string> tags = SelectedTags(specs);
  std::erase_if(
      tags, [](const std::string& tag) { return tag != "url" && tag != "vu" && tag != "iter"; });
  return tags;
}

absl::StatusOr<PlannedTest> Plan(const v1::StartRunRequest& request, const Inspection& script) {
  PlanRequest plan;
  plan.options_json = script.options_json;
  plan.config_json = request.config_options_json();
  plan.environment_json = request.environment_options_json();
  plan.overrides_json = request.options_json();
  plan.thresholds.assign(request.thresholds().begin(), request.thresholds().end());
  plan.functions = script.functions;
  plan.time_scale = request.time_scale();
  plan.no_thresholds = request.no_thresholds();
  plan.no_setup = request.no_setup();
  plan.no_teardown = request.no_teardown();
  return PlanTest(plan);
}

struct Examined {
  k6::Bundle bundle;
  Inspection script;
};

// Finds the script and runs its init code. An archive's options stand for those that it exports.
OrFailure<Examined> Examine(const v1::StartRunRequest& request, const std::string& scenarios_dir) {
  const Env env(request.env().begin(), request.env().end());
  OrFailure<k6::Bundle> found = FindScript(request, scenarios_dir, env);
  if (auto* failure = std::get_if<RunFailure>(&found)) return std::move(*failure);
  k6::Bundle& bundle = std::get<k6::Bundle>(found);
  absl::StatusOr<Inspection> script = InspectScript(bundle, env);
  if (!script.ok()) {
    return RunFailure{absl::IsAborted(script.status()) ? kExitAborted : kExitScript,
                      Message(script.status())};
  }
  if (!request.archive_options_json().empty()) {
    script->options_json = request.archive_options_json();
  }
  return Examined{std::move(bundle), *std::move(script)};
}

struct Validated {
  PlannedTest planned;
  std::vector<Threshold> thresholds;  // none with no_thresholds
};

OrFailure<Validated> Validate(const v1::StartRunRequest& request, const Inspection& script) {
  absl::StatusOr<PlannedTest> planned = Plan(request, script);
  if (!planned.ok()) return RunFailure{kExitBadConfig, Message(planned.status())};
  if (request.has_watch()) {
    const absl::StatusOr<watch::WatchSpec> watched = watch::DecodeWatch(request.watch());
    if (!watched.ok()) return RunFailure{kExitBadConfig, Message(watched.status())};
  }
  Validated validated{*std::move(planned), {}};
  if (request.no_thresholds()) return validated;
  absl::StatusOr<std::vector<Threshold>> thresholds =
      ParseThresholds(validated.planned.plan.thresholds, script.metrics);
  if (!thresholds.ok()) return RunFailure{kExitBadConfig, Message(thresholds.status())};
  validated.thresholds = *std::move(thresholds);
  return validated;
}

OnAgentLoss DecodeOnAgentLoss(v1::OnAgentLoss message) {
  switch (message) {
    case v1::ON_AGENT_LOSS_CONTINUE:
      return OnAgentLoss::kContinue;
    case v1::ON_AGENT_LOSS_ABORT:
      return OnAgentLoss::kAbort;
    default:
      return OnAgentLoss::kRebalance;
  }
}

std::string NameOf(const v1::StartRunRequest& request, const k6::Bundle& bundle) {
  if (!request.script_name().empty()) return request.script_name();
  return request.scenario().empty() ? bundle.main : request.scenario();
}

// What a result can be made with by who has nothing but an agent's file. The time of creation comes later.
void FillHeader(const RunSpec& spec, v1::RunHeader& header) {
  header.set_script(spec.script);
  for (const Threshold& threshold : spec.thresholds) {
    v1::ThresholdSpec& each = *header.add_thresholds();
    each.set_selector(threshold.spec.selector);
    each.set_expression(threshold.spec.expression);
    each.set_abort_on_fail(threshold.spec.abort_on_fail);
    each.set_delay_abort_eval_ns(threshold.spec.delay_abort_eval.count());
  }
  const RunOptions& options = spec.plan.options;
  for (const std::string& each : options.summary_trend_stats) header.add_trend_stats(each);
  header.set_summary_time_unit(options.summary_time_unit);
  header.set_no_thresholds(spec.no_thresholds);
}

}  // namespace

std::vector<std::string> ScenarioNames(const std::string& scenarios_dir) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(scenarios_dir, error)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".js" || path.extension() == ".ts") names.insert(path.stem().string());
  }
  return {names.begin(), names.end()};
}

std::variant<AdmittedRun, RunFailure> AdmitRun(const v1::StartRunRequest& request,
                                               const std::string& scenarios_dir) {
  OrFailure<Examined> examined = Examine(request, scenarios_dir);
  if (auto* failure = std::get_if<RunFailure>(&examined)) return std::move(*failure);
  auto& [bundle, script] = std::get<Examined>(examined);
  OrFailure<Validated> validated = Validate(request, script);
  if (auto* failure = std::get_if<RunFailure>(&validated)) return std::move(*failure);
  auto& [planned, thresholds] = std::get<Validated>(validated);

  AdmittedRun run;
  run.warnings = std::move(planned.warnings);
  run.spec.plan = std::move(planned.plan);
  TestPlan& plan = run.spec.plan;
  run.spec.no_thresholds = request.no_thresholds();
  run.spec.full_summary = request.full_summary();
  run.spec.thresholds = std::move(thresholds);
  if (!request.no_thresholds()) plan.options.series_tags = SeriesTags(plan.thresholds);
  run.spec.script = NameOf(request, bundle);
  run.spec.has_setup = Has(script.functions, "setup") && !plan.options.no_setup;
  run.spec.has_teardown = Has(script.functions, "teardown") && !plan.options.no_teardown;
  run.handles_summary = Has(script.functions, "handleSummary");
  run.spec.agents = request.agents();
  run.spec.on_agent_loss = DecodeOnAgentLoss(request.on_agent_loss());
  if (request.agents_timeout_ns() > 0) run.spec.agents_timeout = Nanos(request.agents_timeout_ns());
  *run.order.mutable_bundle() = wire::EncodeBundle(bundle);
  *run.order.mutable_plan() = wire::EncodePlan(plan);
  *run.order.mutable_env() = request.env();
  *run.order.mutable_secret_sources() = request.secret_sources();
  FillHeader(run.spec, *run.order.mutable_header());
  run.spec.samples = request.samples();
  run.spec.strict = request.strict();
  run.order.set_samples(request.samples());
  run.prometheus.assign(request.prometheus().begin(), request.prometheus().end());
  run.request = request;
  *run.request.mutable_bundle() = run.order.bundle();
  run.request.set_script_name(run.spec.script);
  return run;
}

std::variant<ExaminedRun, RunFailure> ExamineRun(const v1::StartRunRequest& request, bool plan) {
  OrFailure<Examined> examined = Examine(request, /*scenarios_dir=*/"");
  if (auto* failure = std::get_if<RunFailure>(&examined)) return std::move(*failure);
  Inspection& script = std::get<Examined>(examined).script;
  ExaminedRun run;
  if (plan) {
    OrFailure<Validated> validated = Validate(request, script);
    if (auto* failure = std::get_if<RunFailure>(&validated)) return std::move(*failure);
    run.planned = std::move(std::get<Validated>(validated).planned);
  }
  run.options_json = std::move(script.options_json);
  return run;
}

}  // namespace kload::controller
