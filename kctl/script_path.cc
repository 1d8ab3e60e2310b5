#include "kctl/script_path.h"

#include <fmt/format.h>

#include <system_error>

#include "common/base/status.h"
#include "common/k6/specifier.h"

namespace kload::kctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "scripts/load-tests";

ScriptPlace Accept(const std::string& path) { return {.path = path, .library_name = ""}; }

bool LooksLikePath(const std::string& typed) {
  return typed.find('/') != std::string::npos || fs::path(typed).has_extension();
}

}  // namespace

absl::StatusOr<ScriptPlace> ResolveScript(const std::string& typed, const fs::path& folder,
                                          bool library) {
  if (k6::IsUrl(typed)) return ScriptPlace{.path = typed, .library_name = ""};
  std::error_code error;  // an unreadable place counts as absent
  const fs::path direct = folder / typed;
  const bool is_folder = fs::is_directory(direct, error);
  if (fs::exists(direct, error) && !is_folder) {
    return Accept(fs::path(typed).is_absolute() ? typed : direct.lexically_normal().string());
  }
  if (is_folder && LooksLikePath(typed)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is a folder; name the script in it, {}/NAME.js", typed, typed));
  }
  if (LooksLikePath(typed)) {
    return absl::NotFoundError(
        fmt::format("no such script: {} (looked for {})", typed,
                    fs::absolute(direct, error).lexically_normal().string()));
  }
  for (const char* extension : {".js", ".ts", ".yml", ".yaml"}) {
    const fs::path named = folder / kFolder / (typed + extension);
    if (fs::is_regular_file(named, error)) return Accept(named.lexically_normal().string());
  }
  if (library) return ScriptPlace{.path = "", .library_name = typed};
  return absl::NotFoundError(
      fmt::format("no such script: {} (looked for ./{} and {}/{}.js, .ts or .yml below {})", typed,
                  typed, kFolder, typed, fs::absolute(folder, error).lexically_normal().string()));
}

}  // namespace kload::kctl
