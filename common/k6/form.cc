#include "common/k6/form.h"

#include <algorithm>
#include <cctype>

namespace kload::k6 {
namespace {

void AppendEscaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

bool IsTokenByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::string EncodeForm(const std::map<std::string, std::vector<std::string>>& fields) {
  std::string out;
  for (const auto& [key, values] : fields) {
    for (const std::string& value : values) {
      if (!out.empty()) out += '&';
      AppendEscaped(out, key);
      out += '=';
      AppendEscaped(out, value);
    }
  }
  return out;
}

std::string CanonicalHeader(std::string_view name) {
  std::string out(name);
  if (!std::all_of(name.begin(), name.end(), IsTokenByte)) return out;
  bool upper = true;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(upper ? std::toupper(byte) : std::tolower(byte));
    upper = c == '-';
  }
  return out;
}

bool IsHeaderText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

}  // namespace kload::k6
