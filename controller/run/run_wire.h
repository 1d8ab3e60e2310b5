// A run's figures -> messages of kload.v1 for kctl.
//
// Thread: pure functions.
#pragma once

#include <optional>

#include "controller/run/run.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

// A plan for people to look at: as agents get it, without the keys of client certificates.
v1::Plan EncodeShownPlan(const TestPlan& plan);
// With the plan, so that who follows can describe the scenarios.
v1::RunState EncodeState(const Run& run);
v1::Progress EncodeProgress(const RunProgress& progress);
v1::RunResult EncodeResult(const RunOutcome& outcome);
// No failure when the message is unset.
std::optional<RunFailure> DecodeFailure(bool has_failure, const v1::Failure& failure);

}  // namespace kload::controller
