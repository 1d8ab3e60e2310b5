#include "common/k6/http_body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/status.h"
#include "common/k6/body_encoding.h"
#include "common/k6/form.h"
#include "common/k6/multipart.h"

namespace kload::k6 {
namespace {

bool HasHeader(const http::Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return EqualsIgnoringCase(header.first, name); });
}

// One body; every function returns false when an exception is pending.
class BodyReader {
 public:
  BodyReader(Realm& realm, const char* function, http::Request& request)
      : realm_(realm), cx_(realm.cx), function_(function), request_(request) {}

  bool Read(JSValueConst body) {
    if (js::IsNullish(body)) return true;
    request_.has_body = true;
    if (JS_IsString(body)) {
      auto text = js::ToText(cx_, body);
      if (!text.has_value()) return false;
      request_.body = *std::move(text);
      return true;
    }
    if (const auto bytes = js::ViewBytes(cx_, body)) {
      request_.body = *bytes;
      return true;
    }
    if (!JS_IsObject(body)) {
      return Wrong("body", fmt::format("{} is neither a string, an object, an ArrayBuffer nor null",
                                       Shown(body)));
    }
    return ReadForm(body);
  }

  bool Compress(const std::vector<std::string>& encodings) {
    if (encodings.empty() || !request_.has_body) return true;
    auto encoded = EncodeBody(encodings, std::move(request_.body));
    if (!encoded.ok()) return Wrong("params.compression", Message(encoded.status()));
    request_.body = *std::move(encoded);
    if (HasHeader(request_.headers, "Content-Encoding")) {
      realm_.host.Log(LogLevel::kWarning,
                      fmt::format("{}: params.compression stands aside for the Content-Encoding "
                                  "header that params.headers has",
                                  function_),
                      "");
    } else {
      request_.headers.emplace_back("Content-Encoding",
                                    fmt::format("{}", fmt::join(encodings, ", ")));
    }
    return true;
  }

 private:
  bool ReadParts(JSValueConst body, std::vector<FormPart>& parts) {
    return js::ForEachProperty(cx_, body, [&](JSAtom atom, JSValueConst value) {
      const std::string name = js::AtomText(cx_, atom);
      if (JS_IsArray(cx_, value) <= 0) return ReadPart(name, value, parts);
      return js::ForEachProperty(
          cx_, value, [&](JSAtom, JSValueConst element) { return ReadPart(name, element, parts); });
    });
  }

  bool ReadPart(const std::string& name, JSValueConst value, std::vector<FormPart>& parts) {
    if (const FormFile* file = FileOf(value)) {
      parts.push_back({name, "", *file});
      return true;
    }
    std::vector<std::string> text;
    if (!AddFieldText(text, value)) return false;
    parts.push_back({name, std::move(text.front()), std::nullopt});
    return true;
  }

  bool HasFile(JSValueConst body) {
    bool found = false;
    js::ForEachProperty(cx_, body, [&](JSAtom, JSValueConst value) {
      if (JS_IsArray(cx_, value) > 0) {
        const js::Value first(cx_, JS_GetPropertyUint32(cx_, value, 0));
        found = found || FileOf(first.get()) != nullptr;
      }
      found = found || FileOf(value) != nullptr;
      return !found;
    });
    return found;
  }

  bool ReadMultipart(JSValueConst body) {
    std::vector<FormPart> parts;
    if (!ReadParts(body, parts)) return false;
    const std::string boundary = NewBoundary();
    request_.body = BuildMultipart(parts, boundary);
    if (!HasHeader(request_.headers, "Content-Type")) {
      request_.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    }
    return true;
  }

  bool ReadForm(JSValueConst body) {
    if (HasFile(body)) return ReadMultipart(body);
    std::map<std::string, std::vector<std::string>> fields;
    const bool ok = js::ForEachProperty(cx_, body, [&](JSAtom atom, JSValueConst value) {
      return ReadField(fields[js::AtomText(cx_, atom)], value);
    });
    if (!ok) return false;
    request_.body = EncodeForm(fields);
    if (!HasHeader(request_.headers, "Content-Type")) {
      request_.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    }
    return true;
  }

  bool ReadField(std::vector<std::string>& texts, JSValueConst value) {
    if (JS_IsArray(cx_, value) <= 0) return AddFieldText(texts, value);
    return js::ForEachProperty(
        cx_, value, [&](JSAtom, JSValueConst element) { return AddFieldText(texts, element); });
  }

  bool AddFieldText(std::vector<std::string>& texts, JSValueConst value) {
    if (js::IsNullish(value)) {
      texts.emplace_back();
      return true;
    }
    if (JS_IsObject(value)) {
      realm_.host.Log(
          LogLevel::kWarning,
          fmt::format(
              "{}: body: a form's fields cannot be objects; use JSON.stringify() for a JSON body",
              function_),
          "");
    }
    auto text = js::ToText(cx_, value);
    if (text.has_value()) texts.push_back(*std::move(text));
    return text.has_value();
  }

  bool Wrong(std::string_view parameter, std::string_view what) {
    js::ThrowTypeError(cx_, fmt::format("{}: {}: {}", function_, parameter, what));
    return false;
  }
  std::string Shown(JSValueConst value) { return js::ToTextOr(cx_, value); }

  Realm& realm_;
  JSContext* const cx_;
  const char* const function_;
  http::Request& request_;
};

}  // namespace

bool ReadRequestBody(Realm& realm, const char* function, JSValueConst body,
                     const std::vector<std::string>& encodings, http::Request& request) {
  BodyReader reader(realm, function, request);
  return reader.Read(body) && reader.Compress(encodings);
}

}  // namespace kload::k6
