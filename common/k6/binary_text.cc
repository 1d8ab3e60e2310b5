#include "common/k6/binary_text.h"

#include <openssl/evp.h>

#include <algorithm>

namespace kload::k6 {
namespace {

bool IsUrl(Base64 kind) { return kind == Base64::kUrl || kind == Base64::kRawUrl; }
bool IsRaw(Base64 kind) { return kind == Base64::kRawStd || kind == Base64::kRawUrl; }

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string EncodeBase64(std::string_view bytes, Base64 kind) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock() ends with a zero
  text.resize(static_cast<size_t>(
      EVP_EncodeBlock(Bytes(text), Bytes(bytes), static_cast<int>(bytes.size()))));
  if (IsUrl(kind)) {
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
  }
  if (IsRaw(kind)) text.erase(std::min(text.find('='), text.size()));
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view given, Base64 kind) {
  std::string text(given);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  const std::string_view foreign = IsUrl(kind) ? "+/" : "-_";
  if (text.find_first_of(foreign) != text.npos) return std::nullopt;
  const size_t letters = std::min(text.find('='), text.size());
  const size_t padding = text.size() - letters;
  if (IsRaw(kind)) {
    if (padding > 0 || letters % 4 == 1) return std::nullopt;
    text.append((4 - letters % 4) % 4, '=');
  }
  const size_t missing = text.size() - letters;
  if (text.size() % 4 != 0 || missing > 2 ||
      text.find_first_not_of('=', letters) != std::string::npos) {
    return std::nullopt;
  }
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  // EVP_DecodeBlock() forgives white space, which no kind of base64 has.
  if (text.find_first_of(" \t\v\f") != text.npos) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(Bytes(bytes), Bytes(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(size) - missing);
  return bytes;
}

std::string EncodeHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace kload::k6
