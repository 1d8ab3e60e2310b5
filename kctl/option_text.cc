#include "kctl/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::kctl {
namespace {

absl::Status Wrong(const std::string& place, const std::string& text, std::string_view wanted) {
  return absl::InvalidArgumentError(fmt::format("{}: \"{}\" is not {}", place, text, wanted));
}

absl::StatusOr<Json> CountFromText(const std::string& place, const std::string& text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Wrong(place, text, "a whole number");
  }
  return count;
}

absl::StatusOr<Json> SwitchFromText(const std::string& place, const std::string& text) {
  for (const char* yes : {"true", "TRUE", "True", "t", "T", "1"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"false", "FALSE", "False", "f", "F", "0"}) {
    if (text == no) return false;
  }
  return Wrong(place, text, "true or false");
}

absl::StatusOr<Json> StagesFromText(const std::string& place, const std::string& text) {
  Json stages = Json::array();
  for (const std::string& part : SplitList(text)) {
    KLOAD_ASSIGN_OR_RETURN(Json stage, StageFromText(place, part));
    stages.push_back(std::move(stage));
  }
  return stages;
}

absl::StatusOr<Json> TagsFromText(const std::string& place, const std::string& text) {
  Json tags = Json::object();
  for (const std::string& part : SplitList(text)) {
    const size_t split = part.find_first_of("=:");
    if (split == std::string::npos || split == 0 || split + 1 == part.size()) {
      return Wrong(place, part, "NAME=VALUE with both sides filled");
    }
    tags[part.substr(0, split)] = part.substr(split + 1);
  }
  return tags;
}

absl::StatusOr<Json> DnsFromText(const std::string& place, const std::string& text) {
  Json dns = Json::object();
  for (const std::string& part : SplitList(text)) {
    const size_t split = part.find('=');
    const std::string name = part.substr(0, split);
    if (split == std::string::npos || (name != "ttl" && name != "select" && name != "policy")) {
      return Wrong(place, part, "ttl=..., select=... or policy=..., as in ttl=5m,select=random");
    }
    dns[name] = part.substr(split + 1);
  }
  return dns;
}

absl::StatusOr<Json> ParseJson(const std::string& place, const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Wrong(place, text, "JSON");
  return json;
}

}  // namespace

absl::Status CheckDuration(const std::string& place, const std::string& text) {
  const absl::StatusOr<Nanos> duration = ParseDuration(text, BareNumber::kRefused);
  if (!duration.ok()) return Annotate(duration.status(), place);
  if (*duration < Nanos(0)) {
    return absl::InvalidArgumentError(fmt::format("{}: \"{}\" is negative", place, text));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> StageFromText(const std::string& place, const std::string& text) {
  constexpr std::string_view kWanted = "DURATION:TARGET such as 30s:10";
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return Wrong(place, text, kWanted);
  const std::string duration = text.substr(0, colon);
  const std::string target = text.substr(colon + 1);
  KLOAD_RETURN_IF_ERROR(CheckDuration(place, duration));
  if (target.empty() || target.size() > 9 ||
      target.find_first_not_of("0123456789") != std::string::npos) {
    return Wrong(place, text, kWanted);
  }
  return Json{{"duration", duration}, {"target", std::stoll(target)}};
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  size_t from = 0;
  while (from <= text.size()) {
    const size_t end = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, end - from);
    const size_t first = part.find_first_not_of(" \t");
    if (first != std::string::npos) {
      parts.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
    }
    from = end + 1;
  }
  return parts;
}

absl::StatusOr<Json> OptionFromText(OptionKind kind, const std::string& place,
                                    const std::string& text) {
  switch (kind) {
    case OptionKind::kCount:
      return CountFromText(place, text);
    case OptionKind::kSwitch:
      return SwitchFromText(place, text);
    case OptionKind::kDuration: {
      const absl::StatusOr<Nanos> duration = ParseDuration(text, BareNumber::kMilliseconds);
      if (!duration.ok()) return Annotate(duration.status(), place);
      return text;
    }
    case OptionKind::kText:
      return text;
    case OptionKind::kList:
      return SplitList(text);
    case OptionKind::kStages:
      return StagesFromText(place, text);
    case OptionKind::kTags:
      return TagsFromText(place, text);
    case OptionKind::kDns:
      return DnsFromText(place, text);
    case OptionKind::kJson:
      return ParseJson(place, text);
  }
  return absl::InternalError(fmt::format("{}: unknown kind of option", place));
}

}  // namespace kload::kctl
