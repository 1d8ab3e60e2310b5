// The layers that options come from, laid over each other as k6 consolidates them.
//
// Thread: pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/script/fields.h"

namespace kload::controller {

// Options from one place. `name` is what messages call it: config (the file), options (the script's),
// environment (K6_* variables), flags.
struct Layer {
  std::string name;
  std::string json;  // an object; empty: no options
};

// One object of options; each key knows which layer it came from.
class Layers {
 public:
  // From the weakest to the strongest. A key of a stronger layer replaces the whole value. duration,
  // iterations, stages and scenarios are one group: a layer that has any of them drops all four of the
  // weaker ones, and a layer with vus but none of them drops weaker scenarios. Scenarios that are dropped
  // are warned about.
  Layers(const std::vector<Layer>& layers, Problems& problems);

  // Null when the option is absent or null.
  const Json* Find(std::string_view key) const;
  // Where the user finds the option: options.vus or flags.vus.
  std::string PathOf(std::string_view key) const;
  // All of them.
  const Json& merged() const { return merged_; }

 private:
  void Lay(const Layer& layer, Problems& problems);
  void DropLoad(std::string_view winner, Problems& problems);

  Json merged_ = Json::object();
  std::map<std::string, std::string, std::less<>> origin_;  // key -> name of its layer
};

}  // namespace kload::controller
