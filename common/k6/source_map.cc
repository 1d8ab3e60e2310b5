#include "common/k6/source_map.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/k6/binary_text.h"

namespace kload::k6 {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Reads one number of a group; nullopt at its end or at what is no digit.
std::optional<int> ReadVlq(std::string_view text, size_t& at) {
  uint32_t bits = 0;
  for (unsigned shift = 0; shift < 30 && at < text.size(); shift += 5) {
    const size_t digit = kDigits.find(text[at]);
    if (digit == std::string_view::npos) return std::nullopt;
    ++at;
    bits |= static_cast<uint32_t>(digit & 31) << shift;
    if ((digit & 32) != 0) continue;
    const int value = static_cast<int>(bits >> 1);
    return (bits & 1) != 0 ? -value : value;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<SourceMap> SourceMap::Parse(const std::string& json) {
  const Json parsed = Json::parse(json, nullptr, false);
  const auto bad = [](std::string_view why) {
    return absl::InvalidArgumentError("source map: " + std::string(why));
  };
  if (!parsed.is_object() || !parsed.contains("mappings") || !parsed["mappings"].is_string()) {
    return bad("no JSON with mappings");
  }
  const std::string mappings = parsed["mappings"].get<std::string>();
  SourceMap map;
  map.lines_.emplace_back();
  // Compiled column starts again on each line; source, line and column go on. A name may follow.
  std::array<int64_t, 5> fields{};
  for (size_t at = 0; at < mappings.size();) {
    if (mappings[at] == ';') map.lines_.emplace_back();
    if (mappings[at] == ';') fields[0] = 0;
    if (mappings[at] == ';' || mappings[at] == ',') {
      ++at;
      continue;
    }
    size_t count = 0;
    while (at < mappings.size() && mappings[at] != ',' && mappings[at] != ';') {
      const auto delta = ReadVlq(mappings, at);
      if (!delta.has_value() || count == fields.size()) return bad("mappings are malformed");
      fields[count++] += *delta;
    }
    // Of several sources only the first can be told: the module's name stands for it.
    if (count < 4 || fields[1] != 0) continue;
    map.lines_.back().push_back({.column = static_cast<int>(fields[0]),
                                 .source = {.line = static_cast<int>(fields[2]) + 1,
                                            .column = static_cast<int>(fields[3]) + 1}});
  }
  return map;
}

std::optional<SourceMap> SourceMap::OfModule(std::string_view javascript) {
  constexpr std::string_view kMark = "//# sourceMappingURL=data:application/json;base64,";
  const size_t mark = javascript.rfind(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view encoded = javascript.substr(mark + kMark.size());
  while (encoded.ends_with('\n') || encoded.ends_with('\r')) encoded.remove_suffix(1);
  const auto json = DecodeBase64(encoded, Base64::kStd);
  if (!json.has_value()) return std::nullopt;
  auto map = Parse(*json);
  if (!map.ok()) return std::nullopt;
  return *std::move(map);
}

Position SourceMap::Original(Position compiled) const {
  const size_t line = static_cast<size_t>(compiled.line - 1);
  if (line >= lines_.size() || lines_[line].empty()) return compiled;
  const auto& segments = lines_[line];
  const auto after =
      std::upper_bound(segments.begin(), segments.end(), compiled.column - 1,
                       [](int column, const Segment& segment) { return column < segment.column; });
  return after == segments.begin() ? after->source : std::prev(after)->source;
}

}  // namespace kload::k6
