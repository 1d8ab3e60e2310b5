// The body argument of http.post() and its like, as the bytes that go out.
//
// Thread: that of the engine. May run script code (toString, getters).
#pragma once

#include <quickjs.h>

#include <string>
#include <vector>

#include "common/http/message.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// A string, an ArrayBuffer or typed array, or an object: a form, multipart when one of its fields is what http.file()
// made. Sets the request's body, and Content-Type and Content-Encoding where the script gave none. `function` is for
// messages. False with a pending exception.
bool ReadRequestBody(Realm& realm, const char* function, JSValueConst body,
                     const std::vector<std::string>& encodings, http::Request& request);

}  // namespace kload::k6
