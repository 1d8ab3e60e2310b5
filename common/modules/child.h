// A program that turns its standard input into standard output, run as a child process.
//
// Thread: the caller's, which waits. No shell, no pipes: files in memory, so that nothing can block or break.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace kload::modules {

struct ChildResult {
  int exit_status = 0;  // 128 + signal when one ended it
  std::string out;
  std::string err;
};

// Runs `arguments[0]`, found on the PATH, with the environment of this process.
// Errors: NotFound when there is no such program; DeadlineExceeded when it took longer than `limit` (it is killed then);
//         Internal when the system refuses files or processes.
absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& arguments,
                                     std::string_view input, Nanos limit);

}  // namespace kload::modules
