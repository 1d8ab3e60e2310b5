#include "kctl/config_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/base/status.h"
#include "kctl/environment.h"
#include "kctl/option_text.h"
#include "kctl/read_file.h"

namespace kload::kctl {

std::string DefaultConfigPath(const std::vector<std::string>& environment) {
  constexpr const char* kFile = "kload/config.json";
  const std::string config = VariableOf(environment, "XDG_CONFIG_HOME");
  if (!config.empty()) return (std::filesystem::path(config) / kFile).string();
  const std::string home = VariableOf(environment, "HOME");
  if (home.empty()) return "";
  return (std::filesystem::path(home) / ".config" / kFile).string();
}

absl::StatusOr<std::string> ReadConfig(const std::string& path, const std::string& default_path) {
  const std::string& name = path.empty() ? default_path : path;
  if (name.empty()) return "";
  absl::StatusOr<std::string> text = ReadFile(name);
  if (path.empty() && absl::IsNotFound(text.status())) return "";
  if (!text.ok()) return Annotate(text.status(), "config file");
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return text;
  return absl::InvalidArgumentError(fmt::format(
      "the config file {} is not a JSON object of options such as {{\"vus\": 10}}", name));
}

}  // namespace kload::kctl
