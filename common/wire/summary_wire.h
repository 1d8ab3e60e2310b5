// RunSummary <-> kload.v1.RunSummary.
//
// Data path: RunSummary (controller) -> wire -> kctl, which renders it.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include "common/summary/summary.h"
#include "kload/v1/summary.pb.h"

namespace kload::wire {

v1::RunSummary EncodeSummary(const RunSummary& summary);

// Errors: InvalidArgument naming the metric, for a type or kind that this version does not know, a
// number that is not
//         finite, and groups nested deeper than kGroupDepthMax.
absl::StatusOr<RunSummary> DecodeSummary(const v1::RunSummary& message);

v1::Soundness EncodeSoundness(const Soundness& soundness);
Soundness DecodeSoundness(const v1::Soundness& message);

v1::RunNote EncodeNote(const RunNote& note);
RunNote DecodeNote(const v1::RunNote& message);

inline constexpr int kGroupDepthMax = 50;

}  // namespace kload::wire
