#include "common/k6/http_html.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/html/form.h"
#include "common/html/selector.h"
#include "common/html/url.h"
#include "common/js/function.h"
#include "common/k6/form.h"
#include "common/k6/html_objects.h"
#include "common/k6/http_request.h"
#include "common/k6/http_response.h"

namespace kload::k6 {
namespace {

// "GET http://x/ (status 200)", for messages.
std::string Shown(const ResponseParts& parts) {
  return fmt::format("{} {} (status {})", parts.request->method, parts.request->url,
                     parts.response->status);
}

// The body as a page, parsed once. Null, with an exception pending, when there is none.
Set PageOf(const js::Call& call, const char* function) {
  const ResponseParts parts = PartsOf(call.cx, call.self);
  if (parts.response == nullptr) return nullptr;
  if (!parts.has_body()) {
    js::ThrowError(
        call.cx, fmt::format("{}: {} has no body: {}", function, Shown(parts),
                             parts.response->status == 0 ? parts.response->error
                                                         : "it was discarded (responseType none)"));
    return nullptr;
  }
  if (JS_IsUninitialized(*parts.page)) {
    const std::string& url = parts.response->url;
    js::Value page = ParsePage(RealmOf(call.cx), function, parts.response->body,
                               url.empty() ? parts.request->url : url);
    if (page.IsException()) return nullptr;
    *parts.page = page.Release();
  }
  return *SelectionOf(*parts.page);
}

// Nullopt with an exception pending.
std::optional<html::Selector> ParseSelector(JSContext* cx, const char* function,
                                            std::string_view text) {
  auto selector = html::Selector::Parse(text);
  if (selector.ok()) return *std::move(selector);
  js::ThrowError(cx, fmt::format("{}: {}", function, Message(selector.status())));
  return std::nullopt;
}

js::Value Html(const js::Call& call) {
  constexpr const char* kFunction = "Response.html()";
  const Set page = PageOf(call, kFunction);
  if (page == nullptr) return js::Thrown(call.cx);
  if (js::IsNullish(call.arg(0))) {
    return js::Value::Share(call.cx, *PartsOf(call.cx, call.self).page);
  }
  const auto text = js::ToText(call.cx, call.arg(0));
  if (!text.has_value()) return js::Thrown(call.cx);
  const auto selector = ParseSelector(call.cx, kFunction, *text);
  if (!selector.has_value()) return js::Thrown(call.cx);
  return NewSelection(RealmOf(call.cx), page->page,
                      selector->Find(page->document(), html::kDocumentNode), page);
}

// ---- The argument of submitForm() and clickLink(): an object, or nothing ----

class Options {
 public:
  // Nullopt with an exception pending.
  static std::optional<Options> Read(const js::Call& call, const char* function) {
    if (js::IsNullish(call.arg(0)) || JS_IsObject(call.arg(0))) return Options(call, function);
    js::ThrowTypeError(
        call.cx, fmt::format("{}: expected an object such as {{ params: {{}} }}, not {}", function,
                             js::ToTextOr(call.cx, call.arg(0))));
    return std::nullopt;
  }

  // undefined when it was not given; the exception marker when a getter threw.
  js::Value Get(const char* name) const {
    return JS_IsObject(call_.arg(0)) ? js::Get(call_.cx, call_.arg(0), name)
                                     : js::Undefined(call_.cx);
  }

  // The first element within `scope` that the option's selector finds; kNoNode when there is none and the selector is
  // the default. Nullopt, with an exception pending, when the script's own selector finds nothing or is wrong.
  std::optional<html::NodeId> Find(const char* option, const char* otherwise, const NodeSet& page,
                                   html::NodeId scope) const {
    const js::Value value = Get(option);
    if (value.IsException()) return std::nullopt;
    const bool own = !js::IsNullish(value.get());
    auto text = own ? js::ToText(call_.cx, value.get()) : std::string(otherwise);
    if (!text.has_value()) return std::nullopt;
    const auto selector = ParseSelector(call_.cx, function_, *text);
    if (!selector.has_value()) return std::nullopt;
    const html::NodeId node = selector->FindFirst(page.document(), scope);
    if (node == html::kNoNode && own) {
      NotFound(*text);
      return std::nullopt;
    }
    return node;
  }

  js::Value NotFound(std::string_view selector) const {
    return js::ThrowError(
        call_.cx, fmt::format("{}: nothing matches \"{}\" in the page of {}", function_, selector,
                              Shown(PartsOf(call_.cx, call_.self))));
  }

 private:
  Options(const js::Call& call, const char* function) : call_(call), function_(function) {}

  const js::Call& call_;
  const char* function_;
};

// ---- clickLink() ----

js::Value ClickLink(const js::Call& call) {
  constexpr const char* kFunction = "Response.clickLink()";
  const Set page = PageOf(call, kFunction);
  if (page == nullptr) return js::Thrown(call.cx);
  const auto options = Options::Read(call, kFunction);
  if (!options.has_value()) return js::Thrown(call.cx);
  const auto link = options->Find("selector", "a[href]", *page, html::kDocumentNode);
  if (!link.has_value()) return js::Thrown(call.cx);
  if (*link == html::kNoNode) return options->NotFound("a[href]");
  const auto href = page->document().FindAttribute(*link, "href");
  if (!href.has_value()) {
    return js::ThrowError(call.cx, fmt::format("{}: the {} that the selector finds has no href",
                                               kFunction, page->document().name(*link)));
  }
  const js::Value params = options->Get("params");
  if (params.IsException()) return js::Thrown(call.cx);
  const js::Value url = js::String(call.cx, html::ResolveUrl(page->page->url, *href));
  return SendRequest(RealmOf(call.cx), {.function = kFunction,
                                        .method = "GET",
                                        .url = url.get(),
                                        .body = JS_UNDEFINED,
                                        .params = params.get()});
}

// ---- submitForm() ----

// The form's fields, the button's, and the script's own, as {name: value}.
js::Value CollectFields(JSContext* cx, const html::Document& document, html::NodeId form,
                        html::NodeId button, JSValueConst own) {
  js::Value fields = FieldsToObject(cx, html::FieldsOf(document, {form}));
  if (button != html::kNoNode && !document.AttributeOr(button, "name").empty()) {
    js::Define(cx, fields.get(), std::string(document.AttributeOr(button, "name")).c_str(),
               js::String(cx, document.AttributeOr(button, "value")));
  }
  if (js::IsNullish(own)) return fields;
  if (!JS_IsObject(own)) {
    return js::ThrowTypeError(
        cx, "Response.submitForm(): fields: expected an object of names and values");
  }
  const bool ok = js::ForEachProperty(cx, own, [&](JSAtom name, JSValueConst value) {
    return JS_DefinePropertyValue(cx, fields.get(), name, JS_DupValue(cx, value), JS_PROP_C_W_E) >=
           0;
  });
  return ok ? std::move(fields) : js::Thrown(cx);
}

// {name: value or array of values} as a query. Nullopt with an exception pending.
std::optional<std::string> EncodeQuery(JSContext* cx, JSValueConst fields) {
  std::map<std::string, std::vector<std::string>> texts;
  const auto add = [&](std::vector<std::string>& values, JSValueConst value) {
    auto text = js::IsNullish(value) ? std::string() : js::ToText(cx, value);
    if (text.has_value()) values.push_back(*std::move(text));
    return text.has_value();
  };
  const bool ok = js::ForEachProperty(cx, fields, [&](JSAtom name, JSValueConst value) {
    std::vector<std::string>& values = texts[js::AtomText(cx, name)];
    if (JS_IsArray(cx, value) <= 0) return add(values, value);
    return js::ForEachProperty(cx, value,
                               [&](JSAtom, JSValueConst element) { return add(values, element); });
  });
  if (!ok) return std::nullopt;
  return EncodeForm(texts);
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// GET carries the fields in place of the address's query, every other method in the body.
js::Value SendForm(Realm& realm, const NodeSet& page, html::NodeId form, js::Value fields,
                   const js::Value& params) {
  constexpr const char* kFunction = "Response.submitForm()";
  std::string method = Upper(page.document().AttributeOr(form, "method"));
  if (method.empty()) method = "GET";
  html::UrlParts address =
      html::SplitUrl(html::ResolveUrl(page.page->url, page.document().AttributeOr(form, "action")));
  address.has_fragment = false;
  if (method == "GET") {
    auto query = EncodeQuery(realm.cx, fields.get());
    if (!query.has_value()) return js::Thrown(realm.cx);
    address.has_query = !query->empty();
    address.query = *std::move(query);
    fields = js::Undefined(realm.cx);
  }
  const js::Value url = js::String(realm.cx, html::JoinUrl(address));
  return SendRequest(realm, {.function = kFunction,
                             .method = std::move(method),
                             .url = url.get(),
                             .body = fields.get(),
                             .params = params.get()});
}

js::Value SubmitForm(const js::Call& call) {
  constexpr const char* kFunction = "Response.submitForm()";
  const Set page = PageOf(call, kFunction);
  if (page == nullptr) return js::Thrown(call.cx);
  const auto options = Options::Read(call, kFunction);
  if (!options.has_value()) return js::Thrown(call.cx);
  const auto form = options->Find("formSelector", "form", *page, html::kDocumentNode);
  if (!form.has_value()) return js::Thrown(call.cx);
  if (*form == html::kNoNode) return options->NotFound("form");
  if (!page->document().is(*form, "form")) {
    return js::ThrowError(call.cx, fmt::format("{}: formSelector finds a {}, not a form", kFunction,
                                               page->document().name(*form)));
  }
  const auto button = options->Find("submitSelector", "[type=\"submit\"]", *page, *form);
  if (!button.has_value()) return js::Thrown(call.cx);
  const js::Value own = options->Get("fields");
  const js::Value params = options->Get("params");
  if (own.IsException() || params.IsException()) return js::Thrown(call.cx);
  js::Value fields = CollectFields(call.cx, page->document(), *form, *button, own.get());
  if (fields.IsException()) return fields;
  return SendForm(RealmOf(call.cx), *page, *form, std::move(fields), params);
}

}  // namespace

void DefineHtmlMethods(JSContext* cx, JSValueConst prototype) {
  js::AddMethod<Html>(cx, prototype, "html", 0);
  js::AddMethod<SubmitForm>(cx, prototype, "submitForm", 0);
  js::AddMethod<ClickLink>(cx, prototype, "clickLink", 0);
}

}  // namespace kload::k6
