// The Response object: what came back, of which only those fields are made that a script reads.
//
// Thread: that of the engine.
#pragma once

#include <span>

#include "common/http/exchange.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// The names of a response's fields, and of its timings'. Static.
std::span<const char* const> ResponseNames();
std::span<const char* const> TimingNames();

// Returns false with a pending exception.
bool InstallResponseClass(Realm& realm);

// Of what was sent, for Response.request and for how the body is shown, and what came back; its hops are recorded.
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
