// http.CookieJar: the class through which a script sees and changes cookies.
//
// Thread: that of the engine.
#pragma once

#include <memory>

#include "common/http/cookie.h"
#include "common/http/cookie_jar.h"
#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Defines http.CookieJar and http.cookieJar() on `module`. Returns false with a pending exception.
bool InstallCookieJars(Realm& realm, JSValueConst module);

// The jar of a CookieJar object; null with a pending TypeError naming `what` for any other value.
std::shared_ptr<http::CookieJar> ReadCookieJar(JSContext* cx, JSValueConst value, const char* what);

// A new and empty jar for the VU. Objects that a script has kept of the old one go on showing that.
void ResetCookies(Realm& realm);

// Response.cookies: what the Set-Cookie headers say, a list for each name.
js::Value MakeResponseCookies(JSContext* cx, const http::HeaderBlock& headers);

}  // namespace kload::k6
