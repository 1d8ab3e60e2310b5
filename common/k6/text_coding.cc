// The globals TextEncoder and TextDecoder. Source: WHATWG Encoding, for UTF-8, UTF-16LE and latin1 (which that standard
// reads as windows-1252).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "common/base/utf8.h"
#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

enum class Encoding { kUtf8, kUtf16Le, kLatin1 };

struct Label {
  std::string_view text;
  Encoding encoding;
};
constexpr std::array<Label, 17> kLabels = {{
    {"utf-8", Encoding::kUtf8},
    {"utf8", Encoding::kUtf8},
    {"unicode-1-1-utf-8", Encoding::kUtf8},
    {"utf-16le", Encoding::kUtf16Le},
    {"utf-16", Encoding::kUtf16Le},
    {"ucs-2", Encoding::kUtf16Le},
    {"unicode", Encoding::kUtf16Le},
    {"latin1", Encoding::kLatin1},
    {"iso-8859-1", Encoding::kLatin1},
    {"iso8859-1", Encoding::kLatin1},
    {"iso88591", Encoding::kLatin1},
    {"l1", Encoding::kLatin1},
    {"ascii", Encoding::kLatin1},
    {"us-ascii", Encoding::kLatin1},
    {"windows-1252", Encoding::kLatin1},
    {"cp1252", Encoding::kLatin1},
    {"x-cp1252", Encoding::kLatin1},
}};
constexpr std::array<const char*, 3> kNames = {"utf-8", "utf-16le", "windows-1252"};

// Of bytes 0x80 to 0x9f in windows-1252; the others are their own code points.
constexpr std::array<uint32_t, 32> kWindows1252 = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

struct Decoder {
  Encoding encoding = Encoding::kUtf8;
  bool fatal = false;
  bool ignore_bom = false;
  bool begun = false;   // the stream's first bytes have been seen
  std::string pending;  // an incomplete sequence, with {stream: true}
};

// One step of decoding: how many bytes it took and what they are.
struct Step {
  size_t bytes = 1;
  uint32_t code = 0xfffd;
  bool valid = false;
  bool incomplete = false;  // valid so far, but the bytes end
};

// The longest prefix of a sequence that could be valid is one error, as the standard wants it.
Step NextUtf8(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return {.bytes = 1, .code = first, .valid = true};
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0) return {};
  uint32_t code = first & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {.bytes = i, .incomplete = true};
    const unsigned low = i > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = i > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at(i) < low || at(i) > high) return {.bytes = i};
    code = code << 6 | (at(i) & 0x3f);
  }
  return {.bytes = length, .code = code, .valid = true};
}

Step NextUtf16(std::string_view bytes) {
  const auto unit = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) |
           static_cast<uint32_t>(static_cast<unsigned char>(bytes[i + 1])) << 8;
  };
  if (bytes.size() < 2) return {.bytes = bytes.size(), .incomplete = true};
  const uint32_t first = unit(0);
  if (first < 0xd800 || first > 0xdfff) return {.bytes = 2, .code = first, .valid = true};
  if (first > 0xdbff) return {.bytes = 2};
  if (bytes.size() < 4) return {.bytes = bytes.size(), .incomplete = true};
  const uint32_t second = unit(2);
  if (second < 0xdc00 || second > 0xdfff) return {.bytes = 2};
  return {.bytes = 4, .code = 0x10000 + ((first - 0xd800) << 10) + second - 0xdc00, .valid = true};
}

Step NextStep(Encoding encoding, std::string_view bytes) {
  if (encoding == Encoding::kUtf8) return NextUtf8(bytes);
  if (encoding == Encoding::kUtf16Le) return NextUtf16(bytes);
  const auto byte = static_cast<unsigned char>(bytes[0]);
  const bool special = byte >= 0x80 && byte < 0xa0;
  return {.bytes = 1, .code = special ? kWindows1252[byte - 0x80] : byte, .valid = true};
}

// Decodes all of `bytes` but, when more will come, an incomplete end. Nullopt for invalid bytes of a fatal decoder.
std::optional<std::string> DecodeAll(Decoder& decoder, std::string_view bytes, bool more) {
  std::string out;
  while (!bytes.empty()) {
    const Step step = NextStep(decoder.encoding, bytes);
    if (step.incomplete && more) break;
    if (!step.valid && decoder.fatal) return std::nullopt;
    const bool is_mark = !decoder.begun && step.code == 0xfeff &&
                         decoder.encoding != Encoding::kLatin1 && !decoder.ignore_bom;
    if (!is_mark) AppendUtf8(out, step.code);
    decoder.begun = true;
    bytes.remove_prefix(step.bytes);
  }
  decoder.pending = bytes;
  return out;
}

// ---- TextDecoder ----

JSClassID DecoderClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FreeDecoder(JSRuntime*, JSValue value) {
  delete static_cast<Decoder*>(JS_GetOpaque(value, DecoderClass()));
}

bool ReadFlag(JSContext* cx, JSValueConst options, const char* name) {
  if (!JS_IsObject(options)) return false;
  return JS_ToBool(cx, js::Get(cx, options, name).get()) == 1;
}

js::Value NewDecoder(const js::Call& call) {
  JSContext* cx = call.cx;
  auto label = JS_IsUndefined(call.arg(0)) ? std::string("utf-8") : js::ToText(cx, call.arg(0));
  if (!label.has_value()) return js::Thrown(cx);
  std::string name = *label;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t begin = std::min(name.find_first_not_of(" \t\n\f\r"), name.size());
  name = name.substr(begin, name.find_last_not_of(" \t\n\f\r") + 1 - begin);
  const auto found = std::find_if(kLabels.begin(), kLabels.end(),
                                  [&](const Label& known) { return known.text == name; });
  if (found == kLabels.end()) {
    return js::ThrowRangeError(
        cx, fmt::format("TextDecoder: '{}' is not available; there are utf-8, utf-16le and latin1",
                        *label));
  }
  auto decoder = std::make_unique<Decoder>();
  decoder->encoding = found->encoding;
  decoder->fatal = ReadFlag(cx, call.arg(1), "fatal");
  decoder->ignore_bom = ReadFlag(cx, call.arg(1), "ignoreBOM");
  js::Value object(cx, JS_NewObjectClass(cx, static_cast<int>(DecoderClass())));
  if (object.IsException()) return object;
  js::Define(cx, object.get(), "encoding",
             js::String(cx, kNames[static_cast<size_t>(decoder->encoding)]));
  js::Define(cx, object.get(), "fatal", js::Bool(cx, decoder->fatal));
  js::Define(cx, object.get(), "ignoreBOM", js::Bool(cx, decoder->ignore_bom));
  JS_SetOpaque(object.get(), decoder.release());
  return object;
}

js::Value Decode(const js::Call& call) {
  JSContext* cx = call.cx;
  auto* decoder = static_cast<Decoder*>(JS_GetOpaque2(cx, call.self, DecoderClass()));
  if (decoder == nullptr) return js::Thrown(cx);
  std::string bytes = std::move(decoder->pending);
  decoder->pending.clear();
  if (!JS_IsUndefined(call.arg(0))) {
    const auto more = js::ViewBytes(cx, call.arg(0));
    if (!more.has_value()) {
      return js::ThrowTypeError(cx, "TextDecoder.decode(): expected an ArrayBuffer or a view");
    }
    bytes += *more;
  }
  const bool stream = ReadFlag(cx, call.arg(1), "stream");
  const auto text = DecodeAll(*decoder, bytes, stream);
  if (!stream || !text.has_value()) {
    decoder->begun = false;
    decoder->pending.clear();
  }
  if (!text.has_value()) {
    return js::ThrowTypeError(cx, fmt::format("TextDecoder.decode(): the bytes are not {}",
                                              kNames[static_cast<size_t>(decoder->encoding)]));
  }
  return js::String(cx, *text);
}

// ---- TextEncoder ----

js::Value ToUint8Array(JSContext* cx, std::string_view bytes) {
  const js::Value buffer = js::Bytes(cx, bytes);
  // The buffer, from its begin to its end; QuickJS reads all three.
  std::array<JSValueConst, 3> arguments = {buffer.get(), JS_UNDEFINED, JS_UNDEFINED};
  return js::Value(cx, JS_NewTypedArray(cx, 3, arguments.data(), JS_TYPED_ARRAY_UINT8));
}

js::Value Encode(const js::Call& call) {
  const auto text = JS_IsUndefined(call.arg(0)) ? std::string() : js::ToText(call.cx, call.arg(0));
  if (!text.has_value()) return js::Thrown(call.cx);
  std::string valid;  // a lone surrogate becomes U+FFFD
  std::string_view rest = *text;
  while (!rest.empty()) {
    // QuickJS writes a lone surrogate as the three bytes that UTF-8 leaves out.
    const bool surrogate =
        rest.size() >= 3 && rest[0] == '\xed' && static_cast<unsigned char>(rest[1]) >= 0xa0;
    const Step step = surrogate ? Step{.bytes = 3} : NextUtf8(rest);
    AppendUtf8(valid, step.code);
    rest.remove_prefix(step.bytes);
  }
  return ToUint8Array(call.cx, valid);
}

js::Value NewEncoder(const js::Call& call) {
  JSContext* cx = call.cx;
  js::Value object = js::Object(cx);
  const js::Value prototype = js::Get(cx, call.self, "prototype");
  if (JS_IsObject(prototype.get())) JS_SetPrototype(cx, object.get(), prototype.get());
  js::Define(cx, object.get(), "encoding", js::String(cx, "utf-8"));
  return object;
}

// ---- Made when a script first names them ----

enum Which { kEncoder, kDecoder };
constexpr std::array<const char*, 2> kGlobals = {"TextEncoder", "TextDecoder"};

js::Value MakeDecoder(JSContext* cx) {
  const JSClassDef definition = {.class_name = "TextDecoder",
                                 .finalizer = FreeDecoder,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), DecoderClass(), &definition) < 0) return js::Thrown(cx);
  js::Value prototype = js::Object(cx);
  js::AddMethod<Decode>(cx, prototype.get(), "decode", 1);
  js::Value constructor = js::NewConstructor<NewDecoder>(cx, "TextDecoder", 0, 0, prototype.get());
  JS_SetClassProto(cx, DecoderClass(), prototype.Release());
  return constructor;
}

js::Value MakeEncoder(JSContext* cx) {
  const js::Value prototype = js::Object(cx);
  js::AddMethod<Encode>(cx, prototype.get(), "encode", 1);
  return js::NewConstructor<NewEncoder>(cx, "TextEncoder", 0, 0, prototype.get());
}

void Replace(JSContext* cx, int which, JSValueConst value) {
  JS_DefinePropertyValueStr(cx, RealmOf(cx).engine->global(), kGlobals[static_cast<size_t>(which)],
                            JS_DupValue(cx, value), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

js::Value GetGlobal(const js::Call& call) {
  js::Value constructor = call.magic == kEncoder ? MakeEncoder(call.cx) : MakeDecoder(call.cx);
  if (!constructor.IsException()) Replace(call.cx, call.magic, constructor.get());
  return constructor;
}

js::Value SetGlobal(const js::Call& call) {
  Replace(call.cx, call.magic, call.arg(0));
  return js::Undefined(call.cx);
}

}  // namespace

void InstallTextCoding(Realm& realm) {
  for (const Which which : {kEncoder, kDecoder}) {
    js::AddAccessor<GetGlobal, SetGlobal>(realm.cx, realm.engine->global(), kGlobals[which], which);
  }
}

}  // namespace kload::k6
