#include "common/k6/places.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace kload::k6 {
namespace {

// Reads `:12` at `at`, which moves behind it. 0 when there is none.
int ReadNumber(std::string_view text, size_t& at) {
  if (at >= text.size() || text[at] != ':') return 0;
  int number = 0;
  const char* const begin = text.data() + at + 1;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc() || end == begin) return 0;
  at = static_cast<size_t>(end - text.data());
  return number;
}

// Whether a module's name may begin here: not within a longer path.
bool BeginsName(std::string_view text, size_t at) {
  return at == 0 || std::string_view(" (\n'\"\t").find(text[at - 1]) != std::string_view::npos;
}

}  // namespace

void Places::Add(const std::string& module, int shift, std::optional<SourceMap> map) {
  if (shift != 0 || map.has_value()) modules_[module] = {.shift = shift, .map = std::move(map)};
}

Position Places::Original(const std::string& module, Position compiled) const {
  const auto known = modules_.find(module);
  if (known == modules_.end()) return compiled;
  if (compiled.line == 1 && compiled.column > known->second.shift) {
    compiled.column -= known->second.shift;
  }
  return known->second.map.has_value() ? known->second.map->Original(compiled) : compiled;
}

void Places::TranslateModule(const std::string& name, std::string& text) const {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    size_t end = at + name.size();
    const int line = BeginsName(text, at) ? ReadNumber(text, end) : 0;
    if (line == 0) {
      at += name.size();
      continue;
    }
    const int column = ReadNumber(text, end);
    const Position place = Original(name, {.line = line, .column = column == 0 ? 1 : column});
    const std::string told = column == 0 ? fmt::format("{}:{}", name, place.line)
                                         : fmt::format("{}:{}:{}", name, place.line, place.column);
    text.replace(at, end - at, told);
    at += told.size();
  }
}

std::string Places::Translate(std::string text) const {
  for (const auto& [name, module] : modules_) TranslateModule(name, text);
  return text;
}

}  // namespace kload::k6
