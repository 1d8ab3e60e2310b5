// --secret-source: where the values of `k6/secrets` come from.
//
// Thread: pure but for reading files.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "kload/v1/control.pb.h"

namespace kload::kctl {

// Reads `mock=[name=N,][default,]key=value,...`, where a value may be quoted, and `file=PATH` or
// `file=[name=N,][default,]filename=PATH`, a file of lines key=value. The default source, which the one marked so is,
// or the only one, comes first.
// Errors: InvalidArgument naming the flag and never a value; NotFound for a file that cannot be read.
absl::StatusOr<std::vector<v1::SecretSource>> ReadSecretSources(
    const std::vector<std::string>& flags);

// Overwrites the values of --secret-source mock=... in the arguments, so that the list of processes does not show them.
void HideSecrets(int argc, char** argv);

}  // namespace kload::kctl
