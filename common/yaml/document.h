// YAML as a tree of values that know where they stand in their file.
//
// Data path: the test's text -> Value -> checks, Json.
// Thread:    plain values and pure functions. yaml-cpp stays behind document.cc.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload::yaml {

struct Place {
  std::shared_ptr<const std::string>
      file;  // as it shall be called in messages; shared by all of its values
  int line = 1;
  int column = 1;
};

// "test.yml:12:5".
std::string ToString(const Place& place);

struct Member;

struct Value {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kMap };
  Kind kind = Kind::kNull;
  Place place;
  bool boolean = false;
  bool whole = false;  // of a number: it is written without fraction or exponent
  double number = 0;
  std::string text = {};             // of a text; of a number or boolean: as written
  std::vector<Value> items = {};     // of a list
  std::vector<Member> members = {};  // of a map, in their order; names are unique

  // The member of that name; null where there is none or this is no map.
  const Value* Find(std::string_view name) const;
  Value* Find(std::string_view name);
  // Makes the member, or replaces its value.
  void Set(const std::string& name, Value value);
};

struct Member {
  std::string name;
  Place place;
  Value value;
};

// Parses the YAML (or JSON) text. Anchors and merge keys (<<) are resolved; scalars are what YAML 1.2's core schema says.
// An empty text is null. Bound: 100 levels, 1,000,000 values.
// Errors: InvalidArgument beginning with name:line:column.
absl::StatusOr<Value> ParseDocument(std::string_view text, const std::string& name);

// `over` laid over `value`: maps are merged member by member, everything else is replaced.
void MergeOver(Value& value, const Value& over);

nlohmann::ordered_json ToJson(const Value& value);

// A short text of the value for messages: 10, "abc", a list, a map.
std::string Shown(const Value& value);

}  // namespace kload::yaml
