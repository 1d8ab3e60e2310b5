// Who may ask a controller for what: tokens with roles.
//
// A file has a line per token: its role, its SHA-256 in hex, and a name for people. The token itself is in no file of the
// controller's.
// Thread: Tokens is immutable; any.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload {

enum class Role {
  kViewer,    // looks
  kOperator,  // starts, scales and stops runs, too
};
// viewer, operator.
std::string_view RoleName(Role role);
// Errors: InvalidArgument.
absl::StatusOr<Role> ParseRole(std::string_view text);

class Tokens {
 public:
  struct Entry {
    Role role = Role::kViewer;
    std::string sha256;  // hex
    std::string name;
  };

  // Errors: InvalidArgument, naming file and line; NotFound.
  static absl::StatusOr<Tokens> Read(const std::string& path);
  static absl::StatusOr<Tokens> Parse(const std::string& text, const std::string& path);

  // The role of the token's owner; nothing when it is nobody's. Takes as long for a wrong token as for a right one.
  std::optional<Role> Find(std::string_view token) const;
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<Entry> entries_;
};

// 256 random bits, "kload_" and hex. Errors: Internal when the system gives none.
absl::StatusOr<std::string> NewToken();
// Adds a line for the token; makes the file if it is missing, readable by its owner alone. Errors: Unavailable;
// InvalidArgument for a name with a line break.
absl::Status AddToken(const std::string& path, std::string_view token, Role role,
                      const std::string& name);

}  // namespace kload
