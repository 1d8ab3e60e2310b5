#include "common/result/result_file.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

namespace kload {
namespace {

using Json = nlohmann::json;
namespace pb = google::protobuf::util;

constexpr int kVersion = 1;

absl::Status NotAResult(std::string_view name, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format(
      "{}: {}; kctl run --export FILE and kctl report RUN --export FILE write results", name, why));
}

// Values are parsed and copied by recursion: a file that is nothing but brackets must not take the stack.
bool IsDeep(std::string_view text) {
  constexpr int kDepthMax = 100;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;  // what is escaped ends nothing
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kDepthMax) return true;
  }
  return false;
}

}  // namespace

std::string ResultFileText(const v1::GetRunResponse& run) {
  pb::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!pb::MessageToJsonString(run, &json, options).ok()) json = "{}";
  return fmt::format("{{\"kload_result\":{},\"run\":{}}}\n", kVersion, json);
}

absl::StatusOr<v1::GetRunResponse> ParseResultFile(std::string_view text, std::string_view name) {
  if (IsDeep(text)) return NotAResult(name, "is nested too deeply");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return NotAResult(name, "is not JSON");
  if (!json.is_object()) return NotAResult(name, "is not a JSON object");
  if (json.contains("kload")) json = Json(json["kload"]);
  if (!json.is_object() || !json.contains("kload_result") || !json.contains("run")) {
    return NotAResult(name, "is not a result of kload");
  }
  if (json["kload_result"] != kVersion) {
    return NotAResult(name, fmt::format("was written by another version of kload (format {})",
                                        json["kload_result"].dump()));
  }
  pb::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::GetRunResponse run;
  const auto parsed = pb::JsonStringToMessage(json["run"].dump(), &run, options);
  if (!parsed.ok()) return NotAResult(name, "is damaged: " + std::string(parsed.message()));
  return run;
}

}  // namespace kload
