// Loads a program's modules into a realm's engine: everything was compiled before, so that it mostly looks up.
//
// Thread: that of the realm.
#pragma once

#include <string>

#include "common/k6/realm.h"

namespace kload::k6 {

// Tells the engine to find modules in the realm's program.
void InstallModuleLoader(Realm& realm);

// An ES module, not linked yet; the exception marker with an exception pending when the script has none of that name.
// A module that is not in the program, because its name is computed, is compiled now.
js::Value ReadEsModule(Realm& realm, const std::string& name);

}  // namespace kload::k6
