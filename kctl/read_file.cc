#include "kctl/read_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace kload::kctl {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code ignored;  // what is no folder is opened, and says itself what is wrong
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::UnavailableError(fmt::format("{} is a folder, not a file", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file) return text;
  const int why = errno;
  const std::string message = fmt::format("cannot read {}: {}", path, std::strerror(why));
  return why == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

}  // namespace kload::kctl
