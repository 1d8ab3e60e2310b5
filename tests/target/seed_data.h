// The rows that the API answers with: the same in every start.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "tests/target/connection.h"

namespace kload::target {

// Makes the tables and fills them: 40 controls with 3 checks each, 6 integrations, 500 pieces of
// evidence, 1000 audit entries, 3 users. Drops what was there.
absl::Status Seed(Connection& connection);

// What the database keeps of a password (SHA-256, hex); the accounts are public, so it has no salt.
std::string PasswordDigest(const std::string& password);

}  // namespace kload::target
