// YAML documents as plain values that know where they stand: for messages that name file:line:column.
//
// Thread: pure functions. Reads with yaml-cpp, whose exceptions end here.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kload {

struct Yaml {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;      // a scalar in quotes: text, whatever it looks like
  std::vector<Yaml> items;  // of a list
  std::vector<std::pair<std::string, Yaml>> members;  // of a map, as written
  int line = 0;                                       // from 1
  int column = 0;                                     // from 1

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  // Null when there is none, or this is no map.
  const Yaml* Find(std::string_view key) const;
};

// The first document of the text; a null value when it is empty. `file` is for messages.
// Errors: InvalidArgument `file:line:column: ...` for what is no YAML, a key that is no scalar or comes twice, more than
// kYamlNodesMax values with aliases written out, or deeper than kYamlDepthMax.
absl::StatusOr<Yaml> ParseYaml(std::string_view text, const std::string& file);
inline constexpr size_t kYamlNodesMax = 200'000;
inline constexpr int kYamlDepthMax = 64;

// InvalidArgument `file:line:column: message`.
absl::Status YamlError(const std::string& file, const Yaml& where, std::string_view message);

}  // namespace kload
