// What a script passes to http.get() and its like, as the request that goes out.
//
// Thread: that of the engine. May run script code (toString, getters).
#pragma once

#include <quickjs.h>

#include <span>
#include <string>

#include "common/http/message.h"
#include "common/k6/prepared.h"
#include "common/k6/realm.h"
#include "common/metric/delta.h"

namespace kload::k6 {

// Of `params`. Static.
std::span<const char* const> ParamNames();

// The arguments of one call, borrowed.
struct RequestArguments {
  const char* function;  // for messages: "http.get()"
  std::string method;    // upper case
  JSValueConst url;      // a string, what http.url`` made, or anything with a toString()
  JSValueConst body;     // string, ArrayBuffer, typed array, object (a form), null or undefined
  JSValueConst params;   // object, null or undefined
};

// Fills `prepared`. Returns false with a pending exception that names the function and the wrong parameter: for one
// that kload does not have too.
bool PrepareRequest(Realm& realm, const RequestArguments& arguments, Prepared& prepared);

// Sends as http.request() does and returns the Response, for other parts of the API. May suspend the fiber. In
// http_module.cc.
js::Value SendRequest(Realm& realm, const RequestArguments& arguments);

// http.url: as a template tag its result carries the url and, as its name, the template with `${}` for every value; as
// a plain function of a string both are the string.
js::Value MakeNamedUrl(const js::Call& call);

}  // namespace kload::k6
