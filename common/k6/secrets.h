// The values that `k6/secrets` gives to scripts, and how they are kept out of what others read.
//
// Thread: immutable; shared by all VUs of a run, the last of which ends its life.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

struct SecretSource {
  std::string name;
  std::map<std::string, std::string> values;
};

class Secrets {
 public:
  // The first source is the default one.
  explicit Secrets(std::vector<SecretSource> sources);

  // Null when there is no such source; the default one for an empty name.
  const SecretSource* Find(std::string_view name) const;
  // The text with every value, longest first, replaced by ***SECRET_REDACTED***.
  std::string Redact(std::string text) const;

 private:
  const std::vector<SecretSource> sources_;
  std::vector<std::string> values_;  // longest first, none empty
};

}  // namespace kload::k6
