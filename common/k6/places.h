// Where a place in what the engine compiled stands in the file that the user wrote.
//
// Two things move code: a CommonJS module is wrapped into a function, on its first line; TypeScript was compiled to
// JavaScript, whose source map tells the way back.
//
// Thread: immutable once the program is compiled.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/k6/source_map.h"

namespace kload::k6 {

class Places {
 public:
  // `shift`: columns that were put before the module's first line.
  void Add(const std::string& module, int shift, std::optional<SourceMap> map);
  // Both 1-based.
  Position Original(const std::string& module, Position compiled) const;
  // Translates every `module:line:column` and `module:line` in a message or stack.
  std::string Translate(std::string text) const;

 private:
  struct Module {
    int shift = 0;
    std::optional<SourceMap> map;
  };
  void TranslateModule(const std::string& name, std::string& text) const;

  std::map<std::string, Module> modules_;
};

}  // namespace kload::k6
