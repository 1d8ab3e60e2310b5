// Bytes as text that travels well: base64 in its four kinds, hexadecimal.
//
// Thread: pure functions. Source: RFC 4648.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kload::k6 {

// k6's names: std and url differ in two letters of the alphabet, raw ones leave the padding out.
enum class Base64 { kStd, kRawStd, kUrl, kRawUrl };

std::string EncodeBase64(std::string_view bytes, Base64 kind);
// Line breaks are skipped; nothing for any other text that is not of this kind.
std::optional<std::string> DecodeBase64(std::string_view text, Base64 kind);

// Lower case.
std::string EncodeHex(std::string_view bytes);

}  // namespace kload::k6
