// k6's own modules, as far as kload has them.
//
// Adding one: write its Value MakeXxxModule(Realm&) in a file of its own and add a line to the table in builtin.cc.
#pragma once

#include <quickjs.h>

#include <set>
#include <string>

#include "common/js/value.h"

namespace kload::k6 {

struct Realm;

bool HasBuiltinModule(const std::string& name);

// The module's default export, made when it is first asked for. Not for names that HasBuiltinModule() denies.
const js::Value& BuiltinModule(Realm& realm, const std::string& name);

// A module for the engine, with the default export and `names` (undefined unless the module has them), and with all its
// functions and classes if `all`. Each export costs a VU some 100 bytes, and a function that is exported is made. Null with a
// pending exception when there is no memory.
// In an engine without a Realm (while compiling) the module can be linked but not run.
JSModuleDef* NewBuiltinModule(JSContext* cx, const std::string& name,
                              const std::set<std::string>& names, bool all);

}  // namespace kload::k6
