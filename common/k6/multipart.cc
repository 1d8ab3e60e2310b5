#include "common/k6/multipart.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <utility>

namespace kload::k6 {
namespace {

JSClassID FileClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void Finalize(JSRuntime*, JSValue self) noexcept {
  delete static_cast<FormFile*>(JS_GetOpaque(self, FileClass()));
}

enum Field { kData, kFilename, kContentType };

js::Value GetField(const js::Call& call) {
  const auto* file = static_cast<FormFile*>(JS_GetOpaque2(call.cx, call.self, FileClass()));
  if (file == nullptr) return js::Thrown(call.cx);
  if (call.magic == kData) return js::Bytes(call.cx, file->data);
  return js::String(call.cx, call.magic == kFilename ? file->filename : file->content_type);
}

js::Value NoSetter(const js::Call& call) {
  return js::ThrowTypeError(call.cx, "what http.file() made cannot be changed");
}

// Within a quoted string of a header.
std::string Quoted(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\r' || c == '\n') {
      quoted += c == '\r' ? "%0D" : "%0A";
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted;
}

std::string HeaderText(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != '\r' && c != '\n') clean += c;
  }
  return clean;
}

}  // namespace

bool InstallFileClass(Realm& realm) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "FileData",
                                 .finalizer = Finalize,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), FileClass(), &definition) < 0) return false;
  js::Value prototype = js::Object(cx);
  if (prototype.IsException()) return false;
  js::AddAccessor<GetField, NoSetter>(cx, prototype.get(), "data", kData);
  js::AddAccessor<GetField, NoSetter>(cx, prototype.get(), "filename", kFilename);
  js::AddAccessor<GetField, NoSetter>(cx, prototype.get(), "content_type", kContentType);
  JS_SetClassProto(cx, FileClass(), prototype.Release());
  return true;
}

js::Value MakeFile(const js::Call& call) {
  JSContext* cx = call.cx;
  auto file = std::make_unique<FormFile>();
  auto data = ReadBytes(cx, call.arg(0));
  if (!data.has_value()) return js::Thrown(cx);
  file->data = *std::move(data);
  const auto text = [cx](JSValueConst value, std::string fallback) {
    return js::IsNullish(value) ? std::optional<std::string>(std::move(fallback))
                                : js::ToText(cx, value);
  };
  auto filename = text(call.arg(1), fmt::format("{}", SystemClock().UnixNow().count()));
  auto type = text(call.arg(2), "application/octet-stream");
  if (!filename.has_value() || !type.has_value()) return js::Thrown(cx);
  file->filename = *std::move(filename);
  file->content_type = *std::move(type);
  js::Value object(cx, JS_NewObjectClass(cx, static_cast<int>(FileClass())));
  if (!object.IsException()) JS_SetOpaque(object.get(), file.release());
  return object;
}

const FormFile* FileOf(JSValueConst value) {
  return static_cast<const FormFile*>(JS_GetOpaque(value, FileClass()));
}

std::string BuildMultipart(const std::vector<FormPart>& parts, std::string_view boundary) {
  std::string body;
  for (const FormPart& part : parts) {
    body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"");
    body.append(Quoted(part.name)).append("\"");
    if (part.file) {
      body.append("; filename=\"").append(Quoted(part.file->filename)).append("\"\r\n");
      body.append("Content-Type: ").append(HeaderText(part.file->content_type));
    }
    body.append("\r\n\r\n").append(part.file ? part.file->data : part.value).append("\r\n");
  }
  return body.append("--").append(boundary).append("--\r\n");
}

std::string NewBoundary() {
  // Not from the script's own random numbers, whose sequence a script may rely on.
  std::array<unsigned char, 30> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string boundary;
  for (const unsigned char byte : bytes) boundary += fmt::format("{:02x}", byte);
  return boundary;
}

}  // namespace kload::k6
