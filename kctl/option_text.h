// An option of a script as people write it outside of scripts - in a flag or in a K6_ variable - as JSON.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <nlohmann/json.hpp>
#include <string>

namespace kload::kctl {

using Json = nlohmann::ordered_json;

enum class OptionKind {
  kCount,     // 5
  kSwitch,    // true
  kDuration,  // 30s; a bare number is milliseconds in a variable and refused in a flag
  kText,      //
  kList,      // a,b
  kStages,    // 10s:5,1m:20
  kTags,      // name=value,name=value or name:value
  kDns,       // ttl=5m,select=random,policy=preferIPv4
  kJson,      // JSON itself
};

// `place` (--dns, K6_DNS) begins the message. What needs a look at other options is left to the controller.
// Errors: InvalidArgument naming place, text and an example.
absl::StatusOr<Json> OptionFromText(OptionKind kind, const std::string& place,
                                    const std::string& text);

// ---- Pieces ----
// A duration with a unit. Errors: InvalidArgument, also for a negative one.
absl::Status CheckDuration(const std::string& place, const std::string& text);
// 30s:10 -> {duration, target}.
absl::StatusOr<Json> StageFromText(const std::string& place, const std::string& text);
// The parts between commas, without the spaces around them; empty parts are left out.
std::vector<std::string> SplitList(const std::string& text);

}  // namespace kload::kctl
