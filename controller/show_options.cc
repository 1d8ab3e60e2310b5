#include "controller/show_options.h"

#include <variant>

#include "common/base/log.h"
#include "controller/run/admission.h"
#include "controller/script/consolidate.h"

namespace kload::controller {

ShownOptions ShowOptions(const v1::StartRunRequest& request, OptionsView view) {
  const auto examined = ExamineRun(request, /*plan=*/view != OptionsView::kAsGiven);
  if (const auto* failure = std::get_if<RunFailure>(&examined)) {
    return {failure->exit_code, failure->message};
  }
  const auto& run = std::get<ExaminedRun>(examined);
  for (const std::string& warning : run.planned.warnings) spdlog::warn("{}", warning);
  switch (view) {
    case OptionsView::kAsGiven:
      return {0, OptionsAsGiven(run.options_json)};
    case OptionsView::kMerged:
      return {0, OptionsAsGiven(run.planned.merged_json)};
    case OptionsView::kRequirements:
      break;
  }
  const TestPlan& plan = run.planned.plan;
  return {0, ExecutionRequirements(plan.options.consolidated_options_json, plan)};
}

}  // namespace kload::controller
