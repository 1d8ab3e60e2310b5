// Orders of a controller for the link's tests.
#pragma once

#include <chrono>
#include <string>

#include "common/wire/bundle_wire.h"
#include "common/wire/plan_wire.h"
#include "kload/v1/cluster.pb.h"

namespace kload::agent {

inline v1::Prepare PrepareOrder(const std::string& run_id,
                                const std::string& source = "export default function () {}\n") {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 4;
  scenario.duration = std::chrono::seconds(10);
  TestPlan plan;
  plan.scenarios.push_back(scenario);
  v1::Prepare order;
  order.set_run_id(run_id);
  *order.mutable_bundle() = wire::EncodeBundle({"script.js", {{"script.js", source}}});
  *order.mutable_plan() = wire::EncodePlan(plan);
  *order.mutable_slice() = wire::EncodeSlice({1, 2});
  (*order.mutable_env())["API"] = "http://localhost";
  return order;
}

}  // namespace kload::agent
