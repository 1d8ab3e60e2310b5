// An Artillery test that the user named: its YAML, then a bundle that runs like a k6 script's.
//
// Data path: test.yml -> common/artillery -> common/k6 -> StartRunRequest.
// Thread:    main thread.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/artillery/test.h"
#include "common/k6/bundle.h"
#include "kctl/flags.h"

namespace kload::kctl {

// Whether the file is YAML, by its name.
bool IsArtilleryTest(const std::string& path);

// Takes `-e NAME`, which has no '=', as Artillery's --environment NAME when the script is an Artillery test.
// Errors: InvalidArgument for flags of Artillery tests with another script, and for two environments.
absl::Status CheckArtilleryFlags(RunFlags& flags, bool is_artillery);

class ArtillerySource {
 public:
  // Errors: NotFound, Unavailable.
  static absl::StatusOr<ArtillerySource> Open(const std::string& path);

  // Adds to `env` what the test's templates name of the environment (NAME=VALUE texts), and nothing else of it.
  void AddNamedVariables(const std::vector<std::string>& environment,
                         std::map<std::string, std::string>& env) const;

  // Reads and checks the test. Says its warnings. Errors: InvalidArgument with a line for each problem.
  absl::Status Read(const artillery::TestFlags& flags,
                    const std::map<std::string, std::string>& env);

  // After Read(). Errors: those of k6::BundleFromDisk().
  absl::StatusOr<k6::Bundle> MakeBundle(const std::map<std::string, std::string>& env,
                                        k6::ModuleTools& tools) const;

 private:
  std::string path_;
  std::string text_;
  std::optional<artillery::Test> test_;
};

}  // namespace kload::kctl
