#include "controller/script/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kload::controller {
namespace {

// Options that each describe the whole load: one of them replaces all.
constexpr std::array<const char*, 4> kLoadOptions = {"duration", "iterations", "stages",
                                                     "scenarios"};

Json ParseObject(const std::string& text, std::string_view layer, Problems& problems) {
  if (text.empty()) return Json::object();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_null()) return Json::object();
  if (json.is_object()) {
    // k6 takes null as absent; dropping it here keeps that rule in one place.
    for (auto it = json.begin(); it != json.end();) it = it->is_null() ? json.erase(it) : ++it;
    return json;
  }
  problems.Add(layer, json.is_discarded() ? std::string("is not JSON")
                                          : fmt::format("{} is not an object", Shown(json)));
  return Json::object();
}

// k6 warns about an empty list of stages or scenarios and goes on without it.
void DropEmpty(Json& layer, std::string_view name, Problems& problems) {
  for (const char* key : {"stages", "scenarios"}) {
    const auto found = layer.find(key);
    if (found == layer.end() || !found->is_structured() || !found->empty()) continue;
    problems.Warn(Member(name, key), "is empty, it is ignored");
    layer.erase(found);
  }
}

}  // namespace

Layers::Layers(const std::vector<Layer>& layers, Problems& problems) {
  for (const Layer& layer : layers) Lay(layer, problems);
}

void Layers::Lay(const Layer& layer, Problems& problems) {
  Json options = ParseObject(layer.json, layer.name, problems);
  DropEmpty(options, layer.name, problems);
  const auto replacing = std::find_if(kLoadOptions.begin(), kLoadOptions.end(),
                                      [&](const char* key) { return options.contains(key); });
  if (replacing != kLoadOptions.end()) {
    DropLoad(Member(layer.name, *replacing), problems);
    for (const char* key : kLoadOptions) merged_.erase(key);
  } else if (options.contains("vus")) {
    DropLoad(Member(layer.name, "vus"), problems);
    merged_.erase("scenarios");
  }
  for (const auto& [key, value] : options.items()) origin_[key] = layer.name;
  merged_.update(options);
}

// Says that the scenarios so far give way to `winner`, an option's place.
void Layers::DropLoad(std::string_view winner, Problems& problems) {
  if (!merged_.contains("scenarios")) return;
  problems.Warn(PathOf("scenarios"),
                fmt::format("they are replaced: {} describes the whole load", winner));
}

const Json* Layers::Find(std::string_view key) const {
  const auto found = merged_.find(std::string(key));
  return found == merged_.end() ? nullptr : &*found;
}

std::string Layers::PathOf(std::string_view key) const {
  const auto origin = origin_.find(key);
  return Member(origin == origin_.end() ? "options" : origin->second, key);
}

}  // namespace kload::controller
