// The parts of the language's library that an engine may lack: making all of them is half of what an engine costs, and scripts use
// few.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

namespace kload::js {

// Which of them an engine has from its start.
struct Intrinsics {
  bool dates = true;
  bool proxies = true;
  bool collections = true;      // Map, Set and their weak kinds
  bool typed_arrays = true;     // ArrayBuffer and all that look into it
  bool weak_references = true;  // WeakRef, FinalizationRegistry

  static constexpr Intrinsics None() { return {false, false, false, false, false}; }
};

// Nullptr when there is no memory. `intrinsics` says what the context has from then on, and outlives it: the names could be deleted
// by a script, and QuickJS aborts when parts of them are added twice. One context a runtime.
JSContext* NewContext(JSRuntime* runtime, Intrinsics& intrinsics);

// Adds them to a context that lacks them: for what C++ gives to a script that does not name them. False with a pending exception
// when there is no memory.
bool RequireTypedArrays(JSContext* cx);
bool RequireProxies(JSContext* cx);

}  // namespace kload::js
