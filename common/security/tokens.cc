#include "common/security/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "common/base/status.h"

namespace kload {
namespace {

constexpr size_t kHashHex = 2 * SHA256_DIGEST_LENGTH;
constexpr size_t kTokenBytes = 32;

std::string Hex(const unsigned char* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string HashOf(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return Hex(hash.data(), hash.size());
}

}  // namespace

std::string_view RoleName(Role role) { return role == Role::kViewer ? "viewer" : "operator"; }

absl::StatusOr<Role> ParseRole(std::string_view text) {
  for (const Role role : {Role::kViewer, Role::kOperator}) {
    if (text == RoleName(role)) return role;
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no role: viewer looks, operator starts and stops runs", text));
}

absl::StatusOr<Tokens> Tokens::Read(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        fmt::format("{}: {}; `kctl token create` makes it", path, std::strerror(errno)));
  }
  return Parse(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

absl::StatusOr<Tokens> Tokens::Parse(const std::string& text, const std::string& path) {
  Tokens tokens;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string role_text;
    std::string hash;
    std::string name;
    words >> role_text >> hash >> name;
    const absl::StatusOr<Role> role = ParseRole(role_text);
    if (!role.ok()) return Annotate(role.status(), fmt::format("{}:{}", path, number));
    const bool hex =
        hash.size() == kHashHex && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) {
      return absl::InvalidArgumentError(fmt::format(
          "{}:{}: expected ROLE SHA256 NAME, as `kctl token create` writes it", path, number));
    }
    tokens.entries_.push_back({*role, hash, name});
  }
  return tokens;
}

// Hashes are compared, all of them: neither a token's length nor its first letters can be told from the time.
std::optional<Role> Tokens::Find(std::string_view token) const {
  const std::string hash = HashOf(token);
  std::optional<Role> found;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(hash.data(), entry.sha256.data(), kHashHex) == 0) found = entry.role;
  }
  return found;
}

absl::StatusOr<std::string> NewToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return absl::InternalError("the system gives no random bytes");
  }
  return "kload_" + Hex(bytes.data(), bytes.size());
}

absl::Status AddToken(const std::string& path, std::string_view token, Role role,
                      const std::string& name) {
  if (name.find_first_of(" \t\r\n") != std::string::npos) {
    return absl::InvalidArgumentError("--name: a name for a token has no blanks");
  }
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = fmt::format("{} {} {}\n", RoleName(role), HashOf(token), name);
  const bool written =
      file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (written) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: {}", path, std::strerror(error)));
}

}  // namespace kload
