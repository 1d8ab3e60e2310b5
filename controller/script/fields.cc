#include "controller/script/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/plan/plan.h"

namespace kload::controller {
namespace {

constexpr size_t kShownMax = 60;

bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
}

// The value as an integer when it is one, also as a text or a number such as 5.0.
std::optional<int64_t> ToInteger(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) return {};
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number != std::floor(number) || std::abs(number) > 9e15) return {};
    return static_cast<int64_t>(number);
  }
  if (!value.is_string()) return {};
  const std::string& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace

void Problems::Add(std::string_view path, std::string_view what) {
  lines_.push_back(fmt::format("{}: {}", path, what));
}

void Problems::Warn(std::string_view path, std::string_view what) {
  warnings_.push_back(fmt::format("{}: {}", path, what));
}

absl::Status Problems::status() const {
  if (lines_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(lines_, "\n")));
}

std::string Shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kShownMax) return text;
  text.resize(kShownMax);
  // Not through the middle of a character.
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
  return text + "...";
}

std::string Member(std::string_view path, std::string_view key) {
  if (IsPlainKey(key)) return fmt::format("{}.{}", path, key);
  return fmt::format("{}[{}]", path,
                     Json(key).dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::optional<Nanos> ReadDuration(const Json& value, std::string_view path, Nanos least,
                                  Problems& problems) {
  if (!value.is_string() && !value.is_number()) {
    problems.Add(path, fmt::format("{} is not a duration such as 30s or 1m30s", Shown(value)));
    return {};
  }
  const absl::StatusOr<Nanos> duration = ParseDuration(
      value.is_string() ? value.get<std::string>() : value.dump(), BareNumber::kMilliseconds);
  if (!duration.ok()) {
    problems.Add(path, Message(duration.status()));
    return {};
  }
  if (*duration < least) {
    problems.Add(path, fmt::format("{} is shorter than {}, the least that is possible",
                                   Shown(value), FormatDuration(least)));
    return {};
  }
  if (*duration > kTimeMax) {
    problems.Add(path, fmt::format("{} is longer than {}, the most that is possible", Shown(value),
                                   FormatDuration(kTimeMax)));
    return {};
  }
  return *duration;
}

std::optional<int64_t> ReadInteger(const Json& value, std::string_view path, int64_t low,
                                   int64_t high, Problems& problems) {
  const std::optional<int64_t> number = ToInteger(value);
  if (!number) {
    problems.Add(path, fmt::format("{} is not a whole number", Shown(value)));
    return {};
  }
  if (*number < low || *number > high) {
    problems.Add(path, fmt::format("{} is not between {} and {}", *number, low, high));
    return {};
  }
  return number;
}

std::optional<bool> ReadBool(const Json& value, std::string_view path, Problems& problems) {
  if (value.is_boolean()) return value.get<bool>();
  problems.Add(path, fmt::format("{} is neither true nor false", Shown(value)));
  return {};
}

std::optional<std::string> ReadString(const Json& value, std::string_view path,
                                      Problems& problems) {
  if (value.is_string()) return value.get<std::string>();
  problems.Add(path, fmt::format("{} is not a string", Shown(value)));
  return {};
}

std::vector<std::string> ReadStrings(const Json& value, std::string_view path, Problems& problems) {
  std::vector<std::string> result;
  if (!value.is_array()) {
    problems.Add(path, fmt::format("{} is not a list of strings", Shown(value)));
    return result;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const auto text = ReadString(value[i], fmt::format("{}[{}]", path, i), problems);
    if (text) result.push_back(*text);
  }
  return result;
}

std::map<std::string, std::string> ReadTexts(const Json& value, std::string_view path,
                                             Problems& problems) {
  std::map<std::string, std::string> result;
  if (!value.is_object()) {
    problems.Add(path, fmt::format("{} is not an object of names and values", Shown(value)));
    return result;
  }
  for (const auto& [key, text] : value.items()) {
    if (text.is_string()) {
      result[key] = text.get<std::string>();
    } else if (text.is_number() || text.is_boolean()) {
      result[key] = text.dump();
    } else {
      problems.Add(Member(path, key), fmt::format("{} is not a string", Shown(text)));
    }
  }
  return result;
}

Fields::Fields(const Json& object, std::string path, Problems& problems)
    : object_(object), path_(std::move(path)), problems_(problems) {
  if (!object_.is_object()) {
    problems_.Add(path_, fmt::format("{} is not an object", Shown(object_)));
  }
}

const Json* Fields::Find(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(std::string(key));
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::Duration(std::string_view key, Nanos& into, Nanos least) const {
  const Json* value = Find(key);
  if (value == nullptr || *value == "") return;  // k6 takes an empty duration as unset
  into = ReadDuration(*value, PathOf(key), least, problems_).value_or(into);
}

void Fields::Integer(std::string_view key, int64_t& into, int64_t low, int64_t high) const {
  const Json* value = Find(key);
  if (value == nullptr) return;
  into = ReadInteger(*value, PathOf(key), low, high, problems_).value_or(into);
}

void Fields::Bool(std::string_view key, bool& into) const {
  const Json* value = Find(key);
  if (value != nullptr) into = ReadBool(*value, PathOf(key), problems_).value_or(into);
}

void Fields::String(std::string_view key, std::string& into) const {
  const Json* value = Find(key);
  if (value != nullptr) into = ReadString(*value, PathOf(key), problems_).value_or(into);
}

void Fields::Texts(std::string_view key, std::map<std::string, std::string>& into) const {
  const Json* value = Find(key);
  if (value != nullptr) into = ReadTexts(*value, PathOf(key), problems_);
}

bool Fields::Require(std::string_view key, std::string_view example) const {
  if (!object_.is_object() || Find(key) != nullptr) return true;
  problems_.Add(PathOf(key), fmt::format("is missing; {} needs it, such as {}", path_, example));
  return false;
}

void Fields::RefuseOthers(const std::vector<std::string_view>& known,
                          std::string_view whose) const {
  if (!object_.is_object()) return;
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems_.Add(PathOf(key),
                  fmt::format("{} has no such field (it has {})", whose, fmt::join(known, ", ")));
  }
}

}  // namespace kload::controller
