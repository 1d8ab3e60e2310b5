// What a script's text shows that it can do without, so that its VUs are made without it.
//
// A name has to stand in the text to be used: modules are strict, so that there is no other way to the global object than its own
// names. What can make names of anything (eval, Function, escapes in identifiers, CommonJS, modules that are loaded while the
// script runs) means everything. Errs to the side of having: words in comments and strings count.
// Thread: plain value.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/js/intrinsics.h"

namespace kload::k6 {

struct ScriptNeeds {
  js::Intrinsics intrinsics = js::Intrinsics::None();
  bool random = false;  // Math.random()
  // The variables of __ENV that are named; nothing: all of them.
  std::optional<std::set<std::string>> env = std::set<std::string>();

  static ScriptNeeds All() { return {js::Intrinsics(), true, std::nullopt}; }
  // With those of one more module.
  void Add(std::string_view source);
  bool NeedsEnv(const std::string& name) const { return !env || env->contains(name); }
};

}  // namespace kload::k6
