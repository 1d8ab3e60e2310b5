// http.file() and the bodies that it makes: multipart/form-data (RFC 7578).
//
// Thread: that of the engine; BuildMultipart() is pure.
#pragma once

#include <quickjs.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// A file of a form; what http.file() keeps.
struct FormFile {
  std::string data;
  std::string filename;
  std::string content_type;
};

// One field of a form.
struct FormPart {
  std::string name;
  std::string value;
  std::optional<FormFile> file;  // then `value` does not count
};

// Returns false with a pending exception.
bool InstallFileClass(Realm& realm);
// http.file(data, filename, contentType).
js::Value MakeFile(const js::Call& call);
// The file that http.file() made; null for any other value.
const FormFile* FileOf(JSValueConst value);

// The body, its parts in order. `boundary` must not be in them.
std::string BuildMultipart(const std::vector<FormPart>& parts, std::string_view boundary);
// 60 random hexadecimal digits.
std::string NewBoundary();

}  // namespace kload::k6
