// params.compression: a request's body, compressed.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

// "gzip, br" -> {"gzip", "br"}. Errors: InvalidArgument naming what is none of gzip, deflate, br, zstd.
absl::StatusOr<std::vector<std::string>> ParseEncodings(std::string_view text);

// Applies them in order, each with its library's default level. Errors: Internal when a library fails.
absl::StatusOr<std::string> EncodeBody(const std::vector<std::string>& encodings, std::string body);

}  // namespace kload::k6
