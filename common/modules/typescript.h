// TypeScript to JavaScript: types are stripped, nothing is checked, as k6 does it.
//
// Thread: the caller's, which waits for the child process.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace kload::modules {

// The program that does it, on the PATH.
inline constexpr const char* kEsbuild = "esbuild";

// JavaScript of ES2022 with an inline source map. `name` is the module's, for messages. `program`: see kEsbuild.
// Errors: InvalidArgument with name:line:column for a syntax error; FailedPrecondition, with the package to install, when
//         there is no such program; DeadlineExceeded after 30 s.
absl::StatusOr<std::string> CompileTypeScript(const std::string& name, std::string_view source,
                                              const std::string& program = kEsbuild);

}  // namespace kload::modules
