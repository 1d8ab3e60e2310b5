// What elements have by their name besides: attributes under the DOM's names.
//
// A new one is a line in kReflected, or, if it is more than an attribute, in html_form_members.cc or
// html_page_members.cc.
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "common/html/url.h"
#include "common/js/function.h"
#include "common/k6/html_element_members.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {
namespace {

enum class As { kText, kUrl, kFlag, kInteger, kNumber, kWords };

struct Reflected {
  std::string_view elements;  // names between blanks
  const char* name;
  const char* attribute;
  As as = As::kText;
  const char* otherwise = "";  // of texts; of numbers: how it reads
};
constexpr std::array kReflected = {
    Reflected{" a area link base ", "href", "href", As::kUrl},
    Reflected{" a area base form ", "target", "target"},
    Reflected{" a area ", "download", "download"},
    Reflected{" a area link ", "hreflang", "hreflang"},
    Reflected{" a area link ", "media", "media"},
    Reflected{" a area link ", "rel", "rel"},
    Reflected{" a area img link script iframe ", "referrerPolicy", "referrerpolicy"},
    Reflected{" a link object embed param script source ul ol li ", "type", "type"},
    Reflected{" area ", "coords", "coords"},
    Reflected{" area ", "shape", "shape"},
    Reflected{" area img input ", "alt", "alt"},
    Reflected{" audio video embed iframe img input script source track ", "src", "src", As::kUrl},
    Reflected{" audio video ", "autoplay", "autoplay", As::kFlag},
    Reflected{" audio video ", "controls", "controls", As::kFlag},
    Reflected{" audio video ", "loop", "loop", As::kFlag},
    Reflected{" audio video ", "defaultMuted", "muted", As::kFlag},
    Reflected{" audio video ", "preload", "preload"},
    Reflected{" audio video img link script ", "crossOrigin", "crossorigin"},
    Reflected{" video ", "poster", "poster", As::kUrl},
    Reflected{" video img input ", "height", "height", As::kInteger, "0"},
    Reflected{" video img input ", "width", "width", As::kInteger, "0"},
    Reflected{" canvas ", "height", "height", As::kInteger, "150"},
    Reflected{" canvas ", "width", "width", As::kInteger, "300"},
    Reflected{" embed iframe object ", "height", "height"},
    Reflected{" embed iframe object ", "width", "width"},
    Reflected{" button input keygen select textarea ", "autofocus", "autofocus", As::kFlag},
    Reflected{" button fieldset input keygen optgroup select textarea ", "disabled", "disabled",
              As::kFlag},
    Reflected{" button ", "type", "type", As::kText, "submit"},
    Reflected{" input ", "type", "type", As::kText, "text"},
    Reflected{" data param ", "value", "value"},
    Reflected{" li ", "value", "value", As::kInteger, "0"},
    Reflected{" del ins q blockquote ", "cite", "cite", As::kUrl},
    Reflected{" del ins time ", "datetime", "datetime"},
    Reflected{" del ins time ", "dateTime", "datetime"},
    Reflected{" button fieldset form iframe img input keygen map meta object output param select "
              "textarea ",
              "name", "name"},
    Reflected{" form ", "acceptCharset", "accept-charset"},
    Reflected{" form ", "action", "action", As::kUrl},
    Reflected{" form ", "autocomplete", "autocomplete", As::kText, "on"},
    Reflected{" form ", "enctype", "enctype", As::kText, "application/x-www-form-urlencoded"},
    Reflected{" form ", "encoding", "enctype", As::kText, "application/x-www-form-urlencoded"},
    Reflected{" form ", "noValidate", "novalidate", As::kFlag},
    Reflected{" iframe ", "srcdoc", "srcdoc"},
    Reflected{" img source ", "srcset", "srcset"},
    Reflected{" img source link ", "sizes", "sizes"},
    Reflected{" img object ", "useMap", "usemap"},
    Reflected{" img ", "isMap", "ismap", As::kFlag},
    Reflected{" img ", "currentSrc", "src", As::kUrl},
    Reflected{" input ", "accept", "accept"},
    Reflected{" input ", "autocomplete", "autocomplete"},
    Reflected{" input ", "checked", "checked", As::kFlag},
    Reflected{" input ", "defaultChecked", "checked", As::kFlag},
    Reflected{" input ", "defaultValue", "value"},
    Reflected{" input ", "max", "max"},
    Reflected{" input ", "min", "min"},
    Reflected{" input ", "pattern", "pattern"},
    Reflected{" input ", "step", "step"},
    Reflected{" input ", "size", "size", As::kInteger, "20"},
    Reflected{" input textarea ", "dirName", "dirname"},
    Reflected{" input textarea ", "maxLength", "maxlength", As::kInteger, "-1"},
    Reflected{" input textarea ", "placeholder", "placeholder"},
    Reflected{" input textarea ", "readOnly", "readonly", As::kFlag},
    Reflected{" input select textarea ", "required", "required", As::kFlag},
    Reflected{" input select ", "multiple", "multiple", As::kFlag},
    Reflected{" keygen ", "challenge", "challenge"},
    Reflected{" keygen ", "keytype", "keytype", As::kText, "rsa"},
    Reflected{" keygen ", "type", "type", As::kText, "keygen"},
    Reflected{" label ", "htmlFor", "for"},
    Reflected{" output ", "htmlFor", "for", As::kWords},
    Reflected{" meta ", "content", "content"},
    Reflected{" meta ", "httpEquiv", "http-equiv"},
    Reflected{" meter ", "value", "value", As::kNumber, "0"},
    Reflected{" meter ", "min", "min", As::kNumber, "0"},
    Reflected{" meter ", "max", "max", As::kNumber, "1"},
    Reflected{" meter ", "low", "low", As::kNumber, "0"},
    Reflected{" meter ", "high", "high", As::kNumber, "1"},
    Reflected{" meter ", "optimum", "optimum", As::kNumber, "0.5"},
    Reflected{" object ", "data", "data", As::kUrl},
    Reflected{" ol ", "reversed", "reversed", As::kFlag},
    Reflected{" ol ", "start", "start", As::kInteger, "1"},
    Reflected{" optgroup track ", "label", "label"},
    Reflected{" option ", "defaultSelected", "selected", As::kFlag},
    Reflected{" option ", "selected", "selected", As::kFlag},
    Reflected{" script ", "async", "async", As::kFlag},
    Reflected{" script ", "defer", "defer", As::kFlag},
    Reflected{" script ", "noModule", "nomodule", As::kFlag},
    Reflected{" script link a ", "charset", "charset"},
    Reflected{" style source ", "media", "media"},
    Reflected{" td th ", "colSpan", "colspan", As::kInteger, "1"},
    Reflected{" td th ", "rowSpan", "rowspan", As::kInteger, "1"},
    Reflected{" td th ", "headers", "headers"},
    Reflected{" th ", "abbr", "abbr"},
    Reflected{" th ", "scope", "scope"},
    Reflected{" th ", "sorted", "sorted", As::kFlag},
    Reflected{" table ", "sortable", "sortable", As::kFlag},
    Reflected{" col colgroup ", "span", "span", As::kInteger, "1"},
    Reflected{" textarea ", "cols", "cols", As::kInteger, "20"},
    Reflected{" textarea ", "rows", "rows", As::kInteger, "2"},
    Reflected{" textarea ", "wrap", "wrap"},
    Reflected{" track ", "default", "default", As::kFlag},
    Reflected{" track ", "kind", "kind", As::kText, "subtitles"},
    Reflected{" track ", "srclang", "srclang"},
};

double NumberOr(std::string_view text, std::string_view otherwise, As as) {
  const auto read = [as](std::string_view digits, double& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && (as == As::kInteger || end == digits.data() + digits.size());
  };
  double number = 0;
  if (!read(text, number)) read(otherwise, number);
  return as == As::kInteger ? static_cast<double>(static_cast<int64_t>(number)) : number;
}

js::Value Reflect(const js::Call& call) {
  const ElementRef* self = ElementOf(call.self);
  if (self == nullptr) {
    return js::ThrowTypeError(call.cx, "this method is one of an Element of k6/html");
  }
  const Reflected& member = kReflected[static_cast<size_t>(call.magic)];
  const auto value = self->document().FindAttribute(self->node, member.attribute);
  switch (member.as) {
    case As::kText:
      return js::String(call.cx, value.value_or(member.otherwise));
    case As::kUrl:
      return js::String(call.cx,
                        value.has_value() ? html::ResolveUrl(self->page->url, *value) : "");
    case As::kFlag:
      return js::Bool(call.cx, value.has_value());
    case As::kWords:
      return NewWords(call.cx, value.value_or(""));
    case As::kInteger:
    case As::kNumber:
      break;
  }
  return js::Number(call.cx, NumberOr(value.value_or(""), member.otherwise, member.as));
}

// Adds those of a list that elements of this name have, to what make() returns.
template <std::span<const ElementMember> (*members)()>
void AddMembers(JSContext* cx, std::string_view element, const auto& make) {
  for (size_t i = 0; i < members().size(); ++i) {
    const ElementMember& member = members()[i];
    if (!ListsElement(member.elements, element)) continue;
    js::AddMethod<CallElementMember<members>>(cx, make(), member.name, 0, static_cast<int>(i));
  }
}

}  // namespace

js::Value NewElementPrototype(JSContext* cx, std::string_view name, JSValueConst base) {
  js::Value prototype = js::Undefined(cx);
  const auto make = [&] {
    if (prototype.IsUndefined()) prototype = js::Value(cx, JS_NewObjectProto(cx, base));
    return prototype.get();
  };
  for (size_t i = 0; i < kReflected.size(); ++i) {
    if (!ListsElement(kReflected[i].elements, name)) continue;
    js::AddMethod<Reflect>(cx, make(), kReflected[i].name, 0, static_cast<int>(i));
  }
  AddMembers<FormMembers>(cx, name, make);
  AddMembers<PageMembers>(cx, name, make);
  return prototype;
}

}  // namespace kload::k6
