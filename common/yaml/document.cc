#include "common/yaml/document.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/base/status.h"

namespace kload::yaml {
namespace {

constexpr int kDepthMax = 100;
constexpr size_t kValuesMax = 1'000'000;  // aliases of aliases can make any number of a few bytes

bool AsInteger(std::string_view text, double& number) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) base = 16;
  if (digits.starts_with("0o")) base = 8;
  if (base != 10) digits.remove_prefix(2);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || digits.front() == '-' || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return false;
  }
  number = static_cast<double>(negative ? -value : value);
  return true;
}

bool AsFraction(std::string_view text, double& number) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos ||
      text.find_first_of("0123456789") == std::string_view::npos) {
    return false;
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// A plain scalar by YAML 1.2's core schema.
void ResolvePlain(Value& value) {
  const std::string_view text = value.text;
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) {
    value.kind = Value::Kind::kNull;
  } else if (IsOneOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    value.kind = Value::Kind::kBool;
    value.boolean = IsOneOf(text, {"true", "True", "TRUE"});
  } else if (AsInteger(text, value.number)) {
    value.kind = Value::Kind::kNumber;
    value.whole = true;
  } else if (AsFraction(text, value.number)) {
    value.kind = Value::Kind::kNumber;
  }
}

class Converter {
 public:
  explicit Converter(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

  // Throws YAML::Exception for what the parser only finds when a node is read.
  absl::StatusOr<Value> Convert(const YAML::Node& node, int depth) {
    Value value;
    value.place = PlaceOf(node);
    if (depth > kDepthMax) return Wrong(value.place, "it is nested too deep");
    if (++values_ > kValuesMax) return Wrong(value.place, "the file stands for too many values");
    if (node.IsScalar()) {
      value.kind = Value::Kind::kText;
      value.text = node.Scalar();
      if (node.Tag() == "?" || node.Tag().empty()) ResolvePlain(value);
      return value;
    }
    if (node.IsSequence()) {
      value.kind = Value::Kind::kList;
      for (const YAML::Node& item : node) {
        KLOAD_ASSIGN_OR_RETURN(Value converted, Convert(item, depth + 1));
        value.items.push_back(std::move(converted));
      }
      return value;
    }
    if (node.IsMap()) return ConvertMap(node, std::move(value), depth);
    return value;
  }

 private:
  Place PlaceOf(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    return {file_, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
  }
  static absl::Status Wrong(const Place& place, std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", ToString(place), what));
  }

  absl::StatusOr<Value> ConvertMap(const YAML::Node& node, Value value, int depth) {
    value.kind = Value::Kind::kMap;
    std::vector<Value> merged;  // maps of <<, which what is written here wins over
    for (const auto& entry : node) {
      const Place place = PlaceOf(entry.first);
      if (!entry.first.IsScalar()) return Wrong(place, "a key must be a text");
      KLOAD_ASSIGN_OR_RETURN(Value converted, Convert(entry.second, depth + 1));
      const std::string& name = entry.first.Scalar();
      if (name == "<<" && converted.kind == Value::Kind::kMap) {
        merged.push_back(std::move(converted));
      } else if (name == "<<") {
        for (Value& item : converted.items) merged.push_back(std::move(item));
      } else if (value.Find(name) != nullptr) {
        return Wrong(place, fmt::format("the key \"{}\" is there twice", name));
      } else {
        value.members.push_back({name, place, std::move(converted)});
      }
    }
    for (Value& map : merged) {
      for (Member& member : map.members) {
        if (value.Find(member.name) == nullptr) value.members.push_back(std::move(member));
      }
    }
    return value;
  }

  const std::shared_ptr<const std::string> file_;
  size_t values_ = 0;
};

}  // namespace

std::string ToString(const Place& place) {
  return fmt::format("{}:{}:{}", place.file ? *place.file : "", place.line, place.column);
}

const Value* Value::Find(std::string_view name) const {
  const auto member = std::find_if(members.begin(), members.end(),
                                   [name](const Member& each) { return each.name == name; });
  return member == members.end() ? nullptr : &member->value;
}

Value* Value::Find(std::string_view name) {
  return const_cast<Value*>(std::as_const(*this).Find(name));
}

void Value::Set(const std::string& name, Value value) {
  if (Value* known = Find(name)) {
    *known = std::move(value);
    return;
  }
  const Place where = value.place;
  members.push_back({name, where, std::move(value)});
}

absl::StatusOr<Value> ParseDocument(std::string_view text, const std::string& name) {
  const auto file = std::make_shared<const std::string>(name);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(
          fmt::format("{}: has {} YAML documents; a test is one", name, documents.size()));
    }
    if (documents.empty()) return Value{.place = {file, 1, 1}};
    return Converter(file).Convert(documents.front(), 0);
  } catch (const YAML::DeepRecursion&) {
    return absl::InvalidArgumentError(fmt::format("{}: it is nested too deep", name));
  } catch (const YAML::Exception& error) {
    const Place place{file, std::max(error.mark.line, 0) + 1, std::max(error.mark.column, 0) + 1};
    return absl::InvalidArgumentError(
        fmt::format("{}: not valid YAML: {}", ToString(place), error.msg));
  }
}

void MergeOver(Value& value, const Value& over) {
  if (value.kind != Value::Kind::kMap || over.kind != Value::Kind::kMap) {
    value = over;
    return;
  }
  for (const Member& member : over.members) {
    if (Value* known = value.Find(member.name)) {
      MergeOver(*known, member.value);
    } else {
      value.members.push_back(member);
    }
  }
}

nlohmann::ordered_json ToJson(const Value& value) {
  using Json = nlohmann::ordered_json;
  switch (value.kind) {
    case Value::Kind::kNull:
      return nullptr;
    case Value::Kind::kBool:
      return value.boolean;
    case Value::Kind::kNumber:
      if (value.whole) return static_cast<int64_t>(value.number);
      return value.number;
    case Value::Kind::kText:
      return value.text;
    case Value::Kind::kList: {
      Json list = Json::array();
      for (const Value& item : value.items) list.push_back(ToJson(item));
      return list;
    }
    case Value::Kind::kMap: {
      Json map = Json::object();
      for (const Member& member : value.members) map[member.name] = ToJson(member.value);
      return map;
    }
  }
  return nullptr;
}

std::string Shown(const Value& value) {
  constexpr size_t kLongest = 60;
  switch (value.kind) {
    case Value::Kind::kNull:
      return "nothing";
    case Value::Kind::kBool:
    case Value::Kind::kNumber:
      return value.text;
    case Value::Kind::kText:
      return value.text.size() > kLongest ? fmt::format("\"{}...\"", value.text.substr(0, kLongest))
                                          : fmt::format("\"{}\"", value.text);
    case Value::Kind::kList:
      return "a list";
    case Value::Kind::kMap:
      return "a map";
  }
  return "";
}

}  // namespace kload::yaml
