#include "common/k6/specifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace kload::k6 {

namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kFile = "file://";

// `path` seen from the module at `base`; a query of its own stays.
std::string ResolveUrl(std::string_view base, std::string_view path) {
  base = base.substr(0, base.find('?'));
  const size_t host_end = std::min(base.find('/', kHttps.size()), base.size());
  const std::string_view query = path.substr(std::min(path.find('?'), path.size()));
  path.remove_suffix(query.size());
  const std::filesystem::path folder = std::filesystem::path("/")
                                           .append(base.substr(std::min(host_end + 1, base.size())))
                                           .parent_path();
  return fmt::format("{}{}{}", base.substr(0, host_end),
                     (folder / std::filesystem::path(path)).lexically_normal().generic_string(),
                     query);
}

}  // namespace

bool IsBuiltinName(std::string_view name) { return name == "k6" || name.starts_with("k6/"); }

bool IsUrl(std::string_view name) { return name.starts_with(kHttps); }

bool IsTypeScriptName(std::string_view name) {
  if (IsUrl(name)) name = name.substr(0, name.find('?'));
  return name.ends_with(".ts");
}

std::string ResolvePath(std::string_view importer, std::string_view path) {
  if (IsUrl(path)) return std::string(path.substr(0, path.find('#')));
  if (path.starts_with(kFile)) {
    path.remove_prefix(kFile.size());
    if (path.starts_with("./")) importer = "";  // see ToFileUrl()
  } else if (IsUrl(importer)) {
    return ResolveUrl(importer, path);
  }
  const std::filesystem::path folder = std::filesystem::path(importer).parent_path();
  return (folder / std::filesystem::path(path)).lexically_normal().generic_string();
}

std::string ToFileUrl(std::string_view name) {
  if (IsUrl(name)) return std::string(name);
  return fmt::format("{}{}{}", kFile, name.starts_with('/') ? "" : "./", name);
}

absl::StatusOr<std::string> ResolveImport(std::string_view importer, std::string_view specifier) {
  if (IsBuiltinName(specifier)) return std::string(specifier);
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(fmt::format("import '{}': {}", specifier, why));
  };
  if (specifier.starts_with("http://")) {
    return refuse("modules come by https only; write https:// or save the file beside the script");
  }
  if (specifier.starts_with(kFile) && IsUrl(importer)) {
    return refuse("a module from the network cannot import files of this machine");
  }
  const bool is_path = specifier.starts_with("./") || specifier.starts_with("../") ||
                       specifier.starts_with("/") || specifier.starts_with(kFile) ||
                       IsUrl(specifier);
  if (!is_path) {
    return refuse(fmt::format(
        "neither a k6 module nor a path; packages by name are not available, a file is './{}'",
        specifier));
  }
  if (specifier.ends_with(".json")) {
    return refuse("JSON files are not modules; use JSON.parse(open('...'))");
  }
  return ResolvePath(importer, specifier);
}

}  // namespace kload::k6
