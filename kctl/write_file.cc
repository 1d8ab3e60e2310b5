#include "kctl/write_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace kload::kctl {

absl::Status WriteFile(std::string_view who, const std::string& path, std::string_view content) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: cannot write {}: {}", who, path, std::strerror(errno)));
}

}  // namespace kload::kctl
