// The module `k6/http`.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "common/js/function.h"
#include "common/k6/cookie_jar_class.h"
#include "common/k6/http_batch.h"
#include "common/k6/http_request.h"
#include "common/k6/http_response.h"
#include "common/k6/http_send.h"
#include "common/k6/multipart.h"
#include "common/k6/realm.h"
#include "common/k6/response_rule.h"

namespace kload::k6 {
namespace {

struct Verb {
  const char* name;
  const char* function;  // for messages
  const char* method;
  bool has_body;
};
constexpr std::array<Verb, 7> kVerbs = {{
    {"get", "http.get()", "GET", false},
    {"head", "http.head()", "HEAD", false},
    {"post", "http.post()", "POST", true},
    {"put", "http.put()", "PUT", true},
    {"patch", "http.patch()", "PATCH", true},
    {"del", "http.del()", "DELETE", true},
    {"options", "http.options()", "OPTIONS", true},
}};

js::Value Send(Realm& realm, const RequestArguments& arguments) {
  if (auto wrong = RequireRun(realm, arguments.function); wrong.IsException()) return wrong;
  Prepared prepared;
  if (!PrepareRequest(realm, arguments, prepared)) {
    return Refuse(realm, arguments.function, prepared);
  }
  auto response = realm.host.Fetch(prepared.request, prepared.tags);
  if (auto stopped = AfterHost(realm, response.status()); stopped.IsException()) return stopped;
  if (HasFailed(*response)) {
    if (auto failed = Report(realm, prepared, *response); failed.IsException()) return failed;
  }
  return NewResponse(realm, std::move(prepared.request), *std::move(response));
}

js::Value SendVerb(const js::Call& call) {
  const Verb& verb = kVerbs[static_cast<size_t>(call.magic)];
  Realm& realm = RealmOf(call.cx);
  if (!verb.has_body && call.argc > 2) {
    realm.host.Log(
        LogLevel::kWarning,
        fmt::format("{} takes a url and params; further arguments are ignored", verb.function), "");
  }
  return Send(realm, {.function = verb.function,
                      .method = verb.method,
                      .url = call.arg(0),
                      .body = verb.has_body ? call.arg(1) : JSValue(JS_UNDEFINED),
                      .params = call.arg(verb.has_body ? 2 : 1)});
}

js::Value SendAny(const js::Call& call) {
  auto method = ReadMethod(call.cx, call.arg(0), "http.request()");
  if (!method.has_value()) return js::Thrown(call.cx);
  return Send(RealmOf(call.cx), {.function = "http.request()",
                                 .method = *std::move(method),
                                 .url = call.arg(1),
                                 .body = call.arg(2),
                                 .params = call.arg(3)});
}

// Constants, whose values are the names' ends in small letters. kload has no OCSP, but scripts may name them.
constexpr std::array<std::string_view, 14> kOcspNames = {
    "OCSP_STATUS_GOOD",
    "OCSP_STATUS_REVOKED",
    "OCSP_STATUS_SERVER_FAILED",
    "OCSP_STATUS_UNKNOWN",
    "OCSP_REASON_UNSPECIFIED",
    "OCSP_REASON_KEY_COMPROMISE",
    "OCSP_REASON_CA_COMPROMISE",
    "OCSP_REASON_AFFILIATION_CHANGED",
    "OCSP_REASON_SUPERSEDED",
    "OCSP_REASON_CESSATION_OF_OPERATION",
    "OCSP_REASON_CERTIFICATE_HOLD",
    "OCSP_REASON_REMOVE_FROM_CRL",
    "OCSP_REASON_PRIVILEGE_WITHDRAWN",
    "OCSP_REASON_AA_COMPROMISE",
};

void DefineConstants(JSContext* cx, JSValueConst module) {
  for (const char* version : {"1_0", "1_1", "1_2", "1_3"}) {
    std::string value = fmt::format("tls{}", version);
    std::replace(value.begin(), value.end(), '_', '.');
    js::Define(cx, module, fmt::format("TLS_{}", version).c_str(), js::String(cx, value));
  }
  for (const std::string_view name : kOcspNames) {
    std::string value(name.substr(name.find('_', name.find('_') + 1) + 1));
    for (char& c : value) c = c == '_' ? c : static_cast<char>(c - 'A' + 'a');
    js::Define(cx, module, std::string(name).c_str(), js::String(cx, value));
  }
}

}  // namespace

js::Value SendRequest(Realm& realm, const RequestArguments& arguments) {
  return Send(realm, arguments);
}

js::Value MakeHttpModule(Realm& realm) {
  JSContext* cx = realm.cx;
  if (!InstallResponseClass(realm) || !InstallResponseRules(realm) || !InstallFileClass(realm)) {
    return js::Thrown(cx);
  }
  js::Value module = js::Object(cx);
  for (size_t i = 0; i < kVerbs.size(); ++i) {
    js::Define(cx, module.get(), kVerbs[i].name,
               js::NewFunction<SendVerb>(cx, kVerbs[i].name, kVerbs[i].has_body ? 3 : 2,
                                         static_cast<int>(i)));
  }
  js::Define(cx, module.get(), "request", js::NewFunction<SendAny>(cx, "request", 4));
  js::Define(cx, module.get(), "asyncRequest",
             js::NewFunction<AsyncRequest>(cx, "asyncRequest", 4));
  js::Define(cx, module.get(), "batch", js::NewFunction<Batch>(cx, "batch", 1));
  js::Define(cx, module.get(), "file", js::NewFunction<MakeFile>(cx, "file", 3));
  js::Define(cx, module.get(), "url", js::NewFunction<MakeNamedUrl>(cx, "url", 1));
  js::Define(cx, module.get(), "expectedStatuses",
             js::NewFunction<ExpectedStatuses>(cx, "expectedStatuses", 1));
  js::Define(cx, module.get(), "setResponseCallback",
             js::NewFunction<SetResponseCallback>(cx, "setResponseCallback", 1));
  if (!InstallCookieJars(realm, module.get())) return js::Thrown(cx);
  DefineConstants(cx, module.get());
  return module;
}

}  // namespace kload::k6
