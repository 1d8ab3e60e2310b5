// Reads the fields of JSON objects that people wrote, and collects everything wrong with them.
//
// Thread: one; made for the length of one PlanTest().
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace kload::controller {

// Keys sorted, so that messages come in the same order on every machine.
using Json = nlohmann::json;

// What is wrong (the test is refused) and what is odd (it runs), each a line with its place.
class Problems {
 public:
  void Add(std::string_view path, std::string_view what);
  void Warn(std::string_view path, std::string_view what);
  size_t size() const { return lines_.size(); }
  // InvalidArgument with all lines, OK without any.
  absl::Status status() const;
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::vector<std::string> lines_;
  std::vector<std::string> warnings_;
};

// How a value looks in a message: shortened JSON.
std::string Shown(const Json& value);

// `path` with the member appended: options.scenarios.a, options.thresholds["b{c:d}"].
std::string Member(std::string_view path, std::string_view key);

// ---- One value each; on a problem it is added and nothing is returned. ----
// A string as ParseDuration() reads it, or milliseconds. Between `least` and kTimeMax.
std::optional<Nanos> ReadDuration(const Json& value, std::string_view path, Nanos least,
                                  Problems& problems);
// An integer, or a string that holds one (what `__ENV.VUS` gives).
std::optional<int64_t> ReadInteger(const Json& value, std::string_view path, int64_t low,
                                   int64_t high, Problems& problems);
std::optional<bool> ReadBool(const Json& value, std::string_view path, Problems& problems);
std::optional<std::string> ReadString(const Json& value, std::string_view path, Problems& problems);
std::vector<std::string> ReadStrings(const Json& value, std::string_view path, Problems& problems);
// An object of strings; numbers and booleans become text.
std::map<std::string, std::string> ReadTexts(const Json& value, std::string_view path,
                                             Problems& problems);

// One JSON object. A field that is null is treated as absent; each getter leaves `into` as it is
// then.
class Fields {
 public:
  // Both must outlive the reader. A value that is no object is a problem and has no fields.
  Fields(const Json& object, std::string path, Problems& problems);

  // Null when absent.
  const Json* Find(std::string_view key) const;
  std::string PathOf(std::string_view key) const { return Member(path_, key); }

  void Duration(std::string_view key, Nanos& into, Nanos least = Nanos::zero()) const;
  void Integer(std::string_view key, int64_t& into, int64_t low, int64_t high) const;
  void Bool(std::string_view key, bool& into) const;
  void String(std::string_view key, std::string& into) const;
  void Texts(std::string_view key, std::map<std::string, std::string>& into) const;
  // A problem when it is absent.
  bool Require(std::string_view key, std::string_view example) const;
  // A problem for every field that is none of `known`; `whose` says what has these fields.
  void RefuseOthers(const std::vector<std::string_view>& known, std::string_view whose) const;

 private:
  const Json& object_;
  std::string path_;
  Problems& problems_;
};

}  // namespace kload::controller
