// Adds place to an error on its way up: `options.stages[1].duration: "ten" is not a duration`.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace kload {

// The status' message as a std::string; the empty string for OK.
inline std::string Message(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

// The same code with `where: ` before the message; OK stays OK.
inline absl::Status Annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  return absl::Status(status.code(), std::string(where) + ": " + Message(status));
}

}  // namespace kload

#define KLOAD_RETURN_IF_ERROR(expr)                                                  \
  do {                                                                               \
    if (absl::Status kload_status = (expr); !kload_status.ok()) return kload_status; \
  } while (false)

#define KLOAD_CONCAT_INNER(a, b) a##b
#define KLOAD_CONCAT(a, b) KLOAD_CONCAT_INNER(a, b)
// KLOAD_ASSIGN_OR_RETURN(auto value, Compute());
#define KLOAD_ASSIGN_OR_RETURN(lhs, expr) \
  KLOAD_ASSIGN_OR_RETURN_IMPL(KLOAD_CONCAT(kload_result_, __LINE__), lhs, expr)
#define KLOAD_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                \
  if (!result.ok()) return result.status();            \
  lhs = std::move(result).value()
