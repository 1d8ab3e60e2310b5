// CommonJS: require(), and what makes a module with `module.exports` importable by ES modules.
//
// Thread: that of the realm.
// Rules:  a module runs once, when it is first required or when the import statement's turn comes; one that is imported
//         by * runs when modules are loaded, since its exports have to be known then. require() of an ES module returns
//         its namespace. ES modules and CommonJS may not require each other in a circle.
#pragma once

#include <set>
#include <string>

#include "common/k6/realm.h"

namespace kload::k6 {

// module.exports of the module, which runs now unless it has before. The exception marker when it throws.
js::Value RequireCommonJs(Realm& realm, const std::string& name);

// The module for import statements: `names`, undefined unless the module exports them, and `default`, which is
// exports.default where there is one, else module.exports. Null with an exception pending when it throws.
JSModuleDef* NewCommonJsModule(Realm& realm, const std::string& name,
                               const std::set<std::string>& names);

// Defines the global require(), which like open() belongs to init code.
void InstallRequire(Realm& realm);

}  // namespace kload::k6
