// --env-file: variables for the script's __ENV, a line each.
//
//   # a comment
//   API_TOKEN=abc            spaces around the value go, and what follows a " #"
//   export NAME="two\nlines" double quotes: \n \r \t \" \\ \$ are read, line breaks may be in it
//   RAW='as $it \n is'       single quotes: nothing is read, line breaks may be in it
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kload::kctl {

// Pure. `place` begins messages, with the line. Errors: InvalidArgument for a line without "=", a name that
// __ENV cannot have, a quote that is not closed or is followed by something else.
absl::StatusOr<std::map<std::string, std::string>> ParseDotenv(std::string_view text,
                                                               const std::string& place);

// All files, the later ones win. Errors: also those of ReadFile().
absl::StatusOr<std::map<std::string, std::string>> ReadEnvFiles(
    const std::vector<std::string>& paths);

// Whether __ENV takes it: ^[a-zA-Z_][a-zA-Z0-9_]*$.
bool IsEnvName(std::string_view name);

}  // namespace kload::kctl
