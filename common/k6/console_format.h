// How console.* prints values: as k6 does, on one line and after the manner of Node.
//
// Thread: that of the engine. May run script code (getters, toJSON).
#pragma once

#include <quickjs.h>

#include <string>

namespace kload::k6 {

// Appends what console.log(value) prints: a string plainly, everything inside an object as in `{ a: 1, b: 'x' }`.
// Bound: 64 KiB of text and 16 levels; what is beyond is shown as `...`.
// Returns false when script code threw (the exception is pending).
bool AppendConsoleText(JSContext* cx, JSValueConst value, std::string& out);

}  // namespace kload::k6
