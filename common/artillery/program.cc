#include "common/artillery/program.h"

#include <fmt/format.h>

#include <set>

#include "common/artillery/runtime_files.h"

namespace kload::artillery {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFolder = "kload-artillery/";

std::string Quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// require() takes paths that begin with ./, ../ or /.
std::string AsPath(const std::string& path) {
  const bool is_path = path.starts_with("./") || path.starts_with("../") || path.starts_with('/');
  return is_path ? path : "./" + path;
}

// Files that forms upload: values of fromFile below formData.
void CollectUploads(const Json& value, std::set<std::string>& names) {
  if (value.is_object() && value.contains("fromFile") && value["fromFile"].is_string()) {
    names.insert(value["fromFile"].get<std::string>());
  }
  if (!value.is_structured()) return;
  for (const Json& inner : value) CollectUploads(inner, names);
}

std::string MainModule(const Test& test) {
  const Json& config = test.script["config"];
  std::string main =
      fmt::format("'use strict';\nconst {{ makeScript }} = require('./{}main.js');\n", kFolder);
  main += fmt::format("const test = {};\n",
                      test.script.dump(1, ' ', false, Json::error_handler_t::replace));
  main += "module.exports = makeScript(test, {\n";
  if (config.contains("processor")) {
    main += fmt::format("  processor: () => require({}),\n",
                        Quoted(AsPath(config["processor"].get<std::string>())));
  }
  main += "  payloads: [\n";
  if (config.contains("payload")) {
    for (const Json& payload : config["payload"]) {
      main += fmt::format("    () => open({}),\n", Quoted(payload["path"].get<std::string>()));
    }
  }
  main += "  ],\n  files: {\n";
  std::set<std::string> uploads;
  CollectUploads(test.script, uploads);
  for (const std::string& name : uploads) {
    main += fmt::format("    {0}: open({0}, 'b'),\n", Quoted(name));
  }
  main += "  },\n});\n";
  main += fmt::format("module.exports.options = {};\n",
                      test.options.dump(1, ' ', false, Json::error_handler_t::replace));
  return main;
}

}  // namespace

Program MakeProgram(const Test& test) {
  Program program;
  program.main = test.name + ".js";
  program.files[program.main] = MainModule(test);
  for (const RuntimeFile& file : kRuntimeFiles) {
    program.files[std::string(kFolder) + std::string(file.name)] = file.text;
  }
  return program;
}

}  // namespace kload::artillery
