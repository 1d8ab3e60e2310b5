// http.expectedStatuses(): which responses a script expects, as an object that it can pass around.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

#include <memory>
#include <optional>

#include "common/http/message.h"
#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Makes the class; false with a pending exception.
bool InstallResponseRules(Realm& realm);

// http.expectedStatuses(200, { min: 300, max: 399 }).
js::Value ExpectedStatuses(const js::Call& call);
// http.setResponseCallback(rule): for all later requests of this VU; null turns http_req_failed and the tag off.
js::Value SetResponseCallback(const js::Call& call);

// What expectedStatuses() made, or null for "not judged". Nullopt, with a pending exception that begins with `what`, for
// anything else.
std::optional<std::shared_ptr<const http::ResponseRule>> ReadResponseRule(JSContext* cx,
                                                                          JSValueConst value,
                                                                          const char* what);

}  // namespace kload::k6
