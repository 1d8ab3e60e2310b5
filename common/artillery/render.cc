#include "common/artillery/render.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace kload::artillery {
namespace {

constexpr std::array<std::string_view, 2> kEnvPrefixes = {"$processEnvironment.", "$env."};

bool IsNamePart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view Trim(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" {}"), text.size());
  return text.substr(begin, text.find_last_not_of(" {}") + 1 - begin);
}

std::optional<std::string> Lookup(std::string_view name, const Scope& scope) {
  if (name == "$environment") return scope.environment;
  for (const std::string_view prefix : kEnvPrefixes) {
    if (!name.starts_with(prefix)) continue;
    const auto found = scope.env.find(std::string(name.substr(prefix.size())));
    return found == scope.env.end() ? std::nullopt : std::optional(found->second);
  }
  const auto found = scope.variables.find(std::string(name));
  return found == scope.variables.end() ? std::nullopt : std::optional(found->second);
}

std::string HintFor(std::string_view name) {
  for (const std::string_view prefix : kEnvPrefixes) {
    if (name.starts_with(prefix))
      return fmt::format("set it, -e {}=...", name.substr(prefix.size()));
  }
  return "there are $environment, $processEnvironment.NAME and names of config.variables that "
         "have one value, known before the test";
}

void Render(Value& value, const std::string& path, const Scope& scope, Checker& checker) {
  std::string out;
  std::string_view rest = value.text;
  while (true) {
    const size_t begin = rest.find("{{");
    const size_t end = begin == std::string_view::npos ? begin : rest.find("}}", begin);
    out += rest.substr(0, end == std::string_view::npos ? rest.size() : begin);
    if (end == std::string_view::npos) break;
    const std::string_view name = Trim(rest.substr(begin, end - begin));
    const std::optional<std::string> found = Lookup(name, scope);
    if (!found) {
      checker.Add(value.place, path,
                  fmt::format("{{{{ {} }}}} has no value here; {}", name, HintFor(name)));
    }
    out += found.value_or("");
    rest.remove_prefix(std::min(rest.find_first_not_of('}', end), rest.size()));
  }
  value.text = out;
  double number = 0;
  const auto [last, error] = std::from_chars(out.data(), out.data() + out.size(), number);
  if (error == std::errc() && last == out.data() + out.size()) {
    value.kind = Value::Kind::kNumber;
    value.number = number;
    value.whole = out.find_first_not_of("0123456789-") == std::string::npos;
  }
}

}  // namespace

void RenderAll(Value& value, const std::string& path, const Scope& scope, Checker& checker) {
  if (value.kind == Value::Kind::kText && HasTemplate(value.text)) {
    Render(value, path, scope, checker);
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    RenderAll(value.items[i], fmt::format("{}[{}]", path, i), scope, checker);
  }
  for (Member& member : value.members) {
    RenderAll(member.value, path + "." + member.name, scope, checker);
  }
}

std::set<std::string> EnvNames(std::string_view text) {
  std::set<std::string> names;
  for (const std::string_view prefix : kEnvPrefixes) {
    for (size_t at = text.find(prefix); at != text.npos; at = text.find(prefix, at + 1)) {
      size_t end = at + prefix.size();
      while (end < text.size() && IsNamePart(text[end])) ++end;
      const std::string_view name = text.substr(at + prefix.size(), end - at - prefix.size());
      if (!name.empty()) names.emplace(name);
    }
  }
  return names;
}

}  // namespace kload::artillery
