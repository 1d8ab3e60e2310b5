// exec.vu.tags: an object whose properties are the tags of the VU.
//
// Thread: that of the engine.
#pragma once

#include "common/js/value.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Returns false with a pending exception.
bool InstallTagClass(Realm& realm);

// Reading gives the VU's tags, assigning a string, number or boolean sets one on all its samples from then on, deleting
// one takes it away.
js::Value NewTagObject(JSContext* cx);

}  // namespace kload::k6
