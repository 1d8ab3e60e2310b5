// A script's options, a config file's, the flags': JSON of whatever shape, up to the validated plan.
#include "controller/script/options.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  kload::controller::PlanRequest request;
  request.options_json = std::string(bytes);
  request.functions = {"default", "other"};
  if (const auto planned = kload::controller::PlanTest(request); planned.ok()) {
    (void)kload::TotalVus(planned->plan);
    (void)kload::MaxDuration(planned->plan);
    for (const auto& scenario : planned->plan.scenarios) (void)kload::Describe(scenario);
  }
}
