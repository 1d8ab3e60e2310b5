#include "common/artillery/checker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/nearest_name.h"

namespace kload::artillery {

void Checker::Add(const Place& place, const std::string& path, std::string_view what) {
  std::string problem = path.empty() ? fmt::format("{}: {}", ToString(place), what)
                                     : fmt::format("{}: {}: {}", ToString(place), path, what);
  // What an anchor stands for is checked wherever it is used.
  if (std::find(problems_.begin(), problems_.end(), problem) != problems_.end()) return;
  problems_.push_back(std::move(problem));
}

bool Checker::Map(const Value& value, const std::string& path, const std::vector<Key>& keys,
                  std::string_view what) {
  if (value.kind != Value::Kind::kMap) {
    Add(value.place, path,
        fmt::format("{} is not {}, a map of keys and values", Shown(value), what));
    return false;
  }
  std::vector<std::string_view> known;
  for (const Key& key : keys) {
    if (key.refusal.empty()) known.push_back(key.name);
  }
  bool good = true;
  for (const Member& member : value.members) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key& each) { return each.name == member.name; });
    if (key != keys.end() && key->refusal.empty()) continue;
    good = false;
    const std::string place = path.empty() ? member.name : path + "." + member.name;
    if (key != keys.end()) {
      Add(member.place, place, fmt::format("is not available in kload; {}", key->refusal));
    } else if (const auto nearest = NearestName(member.name, known)) {
      Add(member.place, place, fmt::format("unknown key; did you mean {}?", *nearest));
    } else {
      Add(member.place, place, fmt::format("unknown key; {} has {}", what, fmt::join(known, ", ")));
    }
  }
  return good;
}

bool Checker::List(const Value& value, const std::string& path, std::string_view example) {
  if (value.kind == Value::Kind::kList) return true;
  Add(value.place, path, fmt::format("{} is not a list such as {}", Shown(value), example));
  return false;
}

bool Checker::Text(const Value& value, const std::string& path, std::string_view example) {
  const bool is_scalar = value.kind == Value::Kind::kText || value.kind == Value::Kind::kNumber ||
                         value.kind == Value::Kind::kBool;
  if (is_scalar) return true;
  Add(value.place, path, fmt::format("{} is not a text such as {}", Shown(value), example));
  return false;
}

bool Checker::Bool(const Value& value, const std::string& path) {
  if (value.kind == Value::Kind::kBool || HasTemplate(value.text) || value.text == "true" ||
      value.text == "false") {
    return true;
  }
  Add(value.place, path, fmt::format("{} is neither true nor false", Shown(value)));
  return false;
}

bool Checker::Number(const Value& value, const std::string& path, std::string_view example,
                     double least) {
  if (value.kind == Value::Kind::kText && HasTemplate(value.text)) return true;
  if (value.kind != Value::Kind::kNumber) {
    Add(value.place, path, fmt::format("{} is not a number such as {}", Shown(value), example));
    return false;
  }
  if (value.number >= least) return true;
  Add(value.place, path, fmt::format("{} is less than {}", value.text, least));
  return false;
}

absl::Status Checker::Status() const {
  if (problems_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems_, "\n")));
}

bool HasTemplate(std::string_view text) { return text.find("{{") != std::string_view::npos; }

}  // namespace kload::artillery
