#include "common/k6/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "common/base/status.h"
#include "common/k6/specifier.h"

namespace kload::k6 {
namespace {

constexpr uintmax_t kFileBytesMax = 256u << 20;

}  // namespace

absl::StatusOr<std::string_view> BundleFiles::Read(const std::string& name) {
  const auto file = bundle_.files.find(name);
  if (file == bundle_.files.end()) {
    return absl::NotFoundError(fmt::format(
        "'{}' is not in the bundle: a file must be opened when the script is first read, "
        "with the same environment",
        name));
  }
  return std::string_view(file->second);
}

absl::StatusOr<std::string_view> DiskFiles::Read(const std::string& name) {
  if (IsUrl(name)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: only modules come from the network; save the file beside the script and open that",
        name));
  }
  if (compiled_.contains(name)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: is a TypeScript module of the script, so it cannot be opened as a file too", name));
  }
  const auto known = read_.find(name);
  if (known != read_.end()) return std::string_view(known->second);
  KLOAD_ASSIGN_OR_RETURN(std::string content, Load(name));
  return std::string_view(read_.emplace(name, std::move(content)).first->second);
}

absl::StatusOr<std::string_view> DiskFiles::ReadModule(const std::string& name) {
  const bool is_typescript = IsTypeScriptName(name);
  const auto known = read_.find(name);
  const bool is_module = known != read_.end() && (!is_typescript || compiled_.contains(name));
  if (is_module) return std::string_view(known->second);
  if (!is_typescript && !IsUrl(name)) return Read(name);
  if (tools_ == nullptr) {
    return absl::InvalidArgumentError(name + ": only plain JavaScript files can be imported here");
  }
  KLOAD_ASSIGN_OR_RETURN(std::string content, IsUrl(name) ? tools_->Fetch(name) : Load(name));
  if (is_typescript) {
    KLOAD_ASSIGN_OR_RETURN(content, tools_->CompileTypeScript(name, content));
    compiled_.insert(name);
  }
  return std::string_view(read_.insert_or_assign(name, std::move(content)).first->second);
}

absl::StatusOr<std::string> DiskFiles::Load(const std::string& name) const {
  if (const auto made = generated_.find(name); made != generated_.end()) return made->second;
  const std::filesystem::path path = std::filesystem::path(root_) / name;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return absl::NotFoundError(fmt::format("no such file: {}", path.string()));
  }
  if (std::filesystem::is_directory(status)) {
    return absl::NotFoundError(fmt::format("{} is a folder, not a file", path.string()));
  }
  if (const auto size = std::filesystem::file_size(path, error); !error && size > kFileBytesMax) {
    return absl::FailedPreconditionError(
        fmt::format("{} has {} MiB; at most {} MiB can be sent to agents", path.string(),
                    size >> 20, kFileBytesMax >> 20));
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) {
    return absl::NotFoundError(
        fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  return content;
}

}  // namespace kload::k6
