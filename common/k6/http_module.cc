// The module `k6/http`.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
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
  const absl::Status sent =
      realm.host.Fetch(prepared.request(), prepared.tags, prepared.response());
  if (auto stopped = AfterHost(realm, sent); stopped.IsException()) return stopped;
  if (HasFailed(prepared.response())) {
    if (auto failed = Report(realm, prepared); failed.IsException()) return failed;
  }
  return NewResponse(realm, std::move(prepared.exchange));
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

// kload asks for no certificate's status (OCSP), but scripts may name what it could be.
std::span<const JSCFunctionListEntry> Constants() {
  using js::LazyString;
  static const std::array kConstants = {
      LazyString("TLS_1_0", "tls1.0"),
      LazyString("TLS_1_1", "tls1.1"),
      LazyString("TLS_1_2", "tls1.2"),
      LazyString("TLS_1_3", "tls1.3"),
      LazyString("OCSP_STATUS_GOOD", "good"),
      LazyString("OCSP_STATUS_REVOKED", "revoked"),
      LazyString("OCSP_STATUS_SERVER_FAILED", "server_failed"),
      LazyString("OCSP_STATUS_UNKNOWN", "unknown"),
      LazyString("OCSP_REASON_UNSPECIFIED", "unspecified"),
      LazyString("OCSP_REASON_KEY_COMPROMISE", "key_compromise"),
      LazyString("OCSP_REASON_CA_COMPROMISE", "ca_compromise"),
      LazyString("OCSP_REASON_AFFILIATION_CHANGED", "affiliation_changed"),
      LazyString("OCSP_REASON_SUPERSEDED", "superseded"),
      LazyString("OCSP_REASON_CESSATION_OF_OPERATION", "cessation_of_operation"),
      LazyString("OCSP_REASON_CERTIFICATE_HOLD", "certificate_hold"),
      LazyString("OCSP_REASON_REMOVE_FROM_CRL", "remove_from_crl"),
      LazyString("OCSP_REASON_PRIVILEGE_WITHDRAWN", "privilege_withdrawn"),
      LazyString("OCSP_REASON_AA_COMPROMISE", "aa_compromise"),
  };
  return kConstants;
}

// A verb's magic number is its place in kVerbs.
template <int16_t verb>
JSCFunctionListEntry VerbFunction() {
  constexpr const Verb& kVerb = kVerbs[verb];
  return js::LazyFunction<SendVerb>(kVerb.name, kVerb.has_body ? 3 : 2, verb);
}

std::span<const JSCFunctionListEntry> Functions() {
  using js::LazyFunction;
  static const std::array kFunctions = {
      VerbFunction<0>(),
      VerbFunction<1>(),
      VerbFunction<2>(),
      VerbFunction<3>(),
      VerbFunction<4>(),
      VerbFunction<5>(),
      VerbFunction<6>(),
      LazyFunction<SendAny>("request", 4),
      LazyFunction<AsyncRequest>("asyncRequest", 4),
      LazyFunction<Batch>("batch", 1),
      LazyFunction<MakeFile>("file", 3),
      LazyFunction<MakeNamedUrl>("url", 1),
      LazyFunction<ExpectedStatuses>("expectedStatuses", 1),
      LazyFunction<SetResponseCallback>("setResponseCallback", 1),
  };
  return kFunctions;
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
  js::AddLazily(cx, module.get(), Functions());
  if (!InstallCookieJars(realm, module.get())) return js::Thrown(cx);
  js::AddLazily(cx, module.get(), Constants());
  return module;
}

}  // namespace kload::k6
