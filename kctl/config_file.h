// The config file: options that hold for every script of a user, weaker than the scripts' own.
//
// Thread: main thread, reads a file.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace kload::kctl {

// $XDG_CONFIG_HOME/kload/config.json, else $HOME/.config/kload/config.json; empty without both.
std::string DefaultConfigPath(const std::vector<std::string>& environment);

// The file's text, a JSON object in the spelling of a script's `options`; "" when `path` is empty and there
// is no default file.
// Errors: those of ReadFile(), InvalidArgument for what is no JSON object.
absl::StatusOr<std::string> ReadConfig(const std::string& path, const std::string& default_path);

}  // namespace kload::kctl
