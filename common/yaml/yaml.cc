#include "common/yaml/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "common/base/status.h"

namespace kload {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  absl::StatusOr<Yaml> Convert(const YAML::Node& node, int depth) {
    Yaml out;
    out.line = node.Mark().line + 1;
    out.column = node.Mark().column + 1;
    if (++nodes_ > kYamlNodesMax) return YamlError(file_, out, "has more values than fit");
    if (depth > kYamlDepthMax) return YamlError(file_, out, "is nested too deeply");
    if (node.IsScalar()) {
      out.kind = Yaml::Kind::kScalar;
      out.scalar = node.Scalar();
      out.quoted = node.Tag() == "!";
    } else if (node.IsSequence()) {
      out.kind = Yaml::Kind::kList;
      for (const YAML::Node& item : node) {
        KLOAD_ASSIGN_OR_RETURN(Yaml value, Convert(item, depth + 1));
        out.items.push_back(std::move(value));
      }
    } else if (node.IsMap()) {
      out.kind = Yaml::Kind::kMap;
      for (const auto& member : node) KLOAD_RETURN_IF_ERROR(AddMember(member, depth, out));
    }
    return out;
  }

 private:
  template <typename Member>
  absl::Status AddMember(const Member& member, int depth, Yaml& out) {
    Yaml place;
    place.line = member.first.Mark().line + 1;
    place.column = member.first.Mark().column + 1;
    if (!member.first.IsScalar()) return YamlError(file_, place, "the key is not a plain text");
    const std::string key = member.first.Scalar();
    if (out.Find(key) != nullptr) {
      return YamlError(file_, place, fmt::format("\"{}\" is there twice", key));
    }
    KLOAD_ASSIGN_OR_RETURN(Yaml value, Convert(member.second, depth + 1));
    if (value.line == 0) {
      value.line = place.line;
      value.column = place.column;
    }
    out.members.emplace_back(key, std::move(value));
    return absl::OkStatus();
  }

  const std::string& file_;
  size_t nodes_ = 0;
};

}  // namespace

const Yaml* Yaml::Find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& member) { return member.first == key; });
  return found == members.end() ? nullptr : &found->second;
}

absl::StatusOr<Yaml> ParseYaml(std::string_view text, const std::string& file) {
  try {
    const YAML::Node node = YAML::Load(std::string(text));
    return Converter(file).Convert(node, 0);
  } catch (const YAML::Exception& error) {
    Yaml place;
    place.line = error.mark.line + 1;
    place.column = error.mark.column + 1;
    return YamlError(file, place, "no YAML: " + error.msg);
  }
}

absl::Status YamlError(const std::string& file, const Yaml& where, std::string_view message) {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}:{}: {}", file, where.line, where.column, message));
}

}  // namespace kload
