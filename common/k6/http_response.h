// The Response object: a class whose fields are getters on what came back, so that a response costs nothing for the
// fields that a script does not read.
//
// Thread: that of the engine.
#pragma once

#include "common/http/exchange.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Sets realm.response_prototype. Returns false with a pending exception.
bool InstallResponseClass(Realm& realm);

// Of what was sent, for Response.request and for how the body is shown, and what came back.
js::Value NewResponse(Realm& realm, http::ExchangePtr exchange);

// What a Response object stands for. Borrowed: valid while the object lives.
struct ResponseParts {
  const http::Request* request = nullptr;
  const http::Response* response = nullptr;
  // The Selection of the body as a page, owned by the object; JS_UNINITIALIZED until Response.html() makes it.
  JSValue* page = nullptr;

  bool has_body() const {
    return response->status != 0 && request->response_type != http::ResponseType::kNone;
  }
};
// Null members, with a TypeError pending, when `value` is no Response.
ResponseParts PartsOf(JSContext* cx, JSValueConst value);

}  // namespace kload::k6
