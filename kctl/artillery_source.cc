#include "kctl/artillery_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "common/artillery/program.h"
#include "common/artillery/render.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "kctl/environment.h"
#include "kctl/read_file.h"

namespace kload::kctl {
namespace {

namespace fs = std::filesystem;

// The first flag that says something; empty when none does.
std::string GivenFlag(const artillery::TestFlags& flags) {
  const std::pair<const char*, const std::string&> all[] = {
      {"--environment", flags.environment}, {"--target", flags.target},
      {"--variables", flags.variables},     {"--overrides", flags.overrides},
      {"--payload", flags.payload},         {"--scenario-name", flags.scenario_name},
  };
  for (const auto& [name, value] : all) {
    if (!value.empty()) return name;
  }
  return "";
}

}  // namespace

bool IsArtilleryTest(const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  return extension == ".yml" || extension == ".yaml";
}

absl::Status CheckArtilleryFlags(RunFlags& flags, bool is_artillery) {
  if (!is_artillery) {
    const std::string given = GivenFlag(flags.artillery);
    if (given.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "{}: is for Artillery tests, .yml; a k6 script takes values by -e NAME=VALUE", given));
  }
  flags.artillery.report = !flags.report.empty();
  std::string& environment = flags.artillery.environment;
  for (const std::string& entry : flags.env) {
    if (entry.find('=') != std::string::npos) continue;
    if (!environment.empty() && environment != entry) {
      return absl::InvalidArgumentError(
          fmt::format("-e: \"{}\" is an environment of the test beside \"{}\"; there can be one, a "
                      "variable is -e NAME=VALUE",
                      entry, environment));
    }
    environment = entry;
  }
  std::erase_if(flags.env,
                [](const std::string& entry) { return entry.find('=') == std::string::npos; });
  return absl::OkStatus();
}

absl::StatusOr<ArtillerySource> ArtillerySource::Open(const std::string& path) {
  ArtillerySource source;
  source.path_ = path;
  KLOAD_ASSIGN_OR_RETURN(source.text_, ReadFile(path));
  return source;
}

void ArtillerySource::AddNamedVariables(const std::vector<std::string>& environment,
                                        std::map<std::string, std::string>& env) const {
  for (const std::string& name : artillery::EnvNames(text_)) {
    const std::string value = VariableOf(environment, name);
    // Who starts the run is none of the test's business.
    if (!value.empty() && name != "KCTL_TOKEN") env.emplace(name, value);
  }
}

absl::Status ArtillerySource::Read(const artillery::TestFlags& flags,
                                   const std::map<std::string, std::string>& env) {
  KLOAD_ASSIGN_OR_RETURN(test_, artillery::ReadTest(text_, path_, flags, env));
  for (const std::string& warning : test_->warnings) spdlog::warn("{}", warning);
  return absl::OkStatus();
}

absl::StatusOr<k6::Bundle> ArtillerySource::MakeBundle(
    const std::map<std::string, std::string>& env, k6::ModuleTools& tools) const {
  KLOAD_CHECK(test_.has_value(), "the test has been read");
  artillery::Program program = artillery::MakeProgram(*test_);
  const std::string main = (fs::path(path_).parent_path() / program.main).string();
  return k6::BundleFromDisk(main, env, &tools, std::move(program.files));
}

}  // namespace kload::kctl
