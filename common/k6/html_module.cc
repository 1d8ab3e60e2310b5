// The module `k6/html`: parseHTML().
#include "common/js/function.h"
#include "common/k6/html_objects.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

js::Value ParseHtml(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (js::IsNullish(call.arg(0))) {
    return js::ThrowTypeError(
        call.cx,
        "parseHTML(): expected a page's text, not null or undefined (the body of a failed "
        "request, or of one with responseType none?)");
  }
  const auto source = ReadBytes(call.cx, call.arg(0));
  if (!source.has_value()) return js::Thrown(call.cx);
  return ParsePage(realm, "parseHTML()", *source, "");
}

}  // namespace

js::Value MakeHtmlModule(Realm& realm) {
  js::Value module = js::Object(realm.cx);
  js::Define(realm.cx, module.get(), "parseHTML",
             js::NewFunction<ParseHtml>(realm.cx, "parseHTML", 1));
  return module;
}

}  // namespace kload::k6
