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

}  // namespace

std::string ResultFileText(const v1::GetRunResponse& run) {
  pb::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!pb::MessageToJsonString(run, &json, options).ok()) json = "{}";
  return fmt::format("{{\"kload_result\":{},\"run\":{}}}\n", kVersion, json);
}

absl::StatusOr<v1::GetRunResponse> ParseResultFile(std::string_view text, std::string_view name) {
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
