// What every way to send a request shares: reading the method, and telling of requests that failed.
//
// Thread: that of the engine.
#pragma once

#include <optional>
#include <string>

#include "common/http/message.h"
#include "common/k6/http_request.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Upper case. Nullopt with a pending TypeError that begins with `function` for what is no method.
std::optional<std::string> ReadMethod(JSContext* cx, JSValueConst method, const char* function);

// Whether the script is told about this response as one that failed: nothing came, or nothing that can be read.
bool HasFailed(const http::Response& response);

// The failed request as an exception or as a warning, as the script wants it.
js::Value Report(Realm& realm, const Prepared& prepared);

// After PrepareRequest() has failed: where an argument is wrong and the option `throw` is off, k6's answer is a warning and
// a response without a status; else the pending exception.
js::Value Refuse(Realm& realm, const char* function, const Prepared& prepared);

}  // namespace kload::k6
