// Checking a tree of values against what is known: all problems are found at once, each with its place and what would be
// right.
//
// Thread: a plain value.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/artillery/document.h"

namespace kload::artillery {

// A key that a map may have. `refusal` is not empty for what Artillery has and kload has not: what to do instead.
struct Key {
  std::string_view name;
  std::string_view refusal = {};
};

class Checker {
 public:
  // "test.yml:3:5: config.phases[0].duration: what".
  void Add(const Place& place, const std::string& path, std::string_view what);

  // Whether the value is a map whose keys are all known; says what is wrong otherwise. `what`: "a phase".
  bool Map(const Value& value, const std::string& path, const std::vector<Key>& keys,
           std::string_view what);
  // Likewise for the kinds of values. `example` is what would be right. A text that holds a template passes as anything.
  bool List(const Value& value, const std::string& path, std::string_view example);
  bool Text(const Value& value, const std::string& path, std::string_view example);
  bool Bool(const Value& value, const std::string& path);
  bool Number(const Value& value, const std::string& path, std::string_view example, double least);

  // OK without problems; else InvalidArgument with a line for each.
  absl::Status Status() const;

 private:
  std::vector<std::string> problems_;
};

// Whether the text has a {{ template }}.
bool HasTemplate(std::string_view text);

}  // namespace kload::artillery
