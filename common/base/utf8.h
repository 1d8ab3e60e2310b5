// Writing characters as UTF-8, and cutting texts.
//
// Thread: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace kload {

// Appends the character of that Unicode code point, at most 0x10ffff. Lone surrogates are written as they come.
inline void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Cuts the text to at most `max` bytes, not through the middle of a character.
inline void CutUtf8(std::string& text, size_t max) {
  if (text.size() <= max) return;
  const auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  while (max > 0 && continues(max)) --max;
  text.resize(max);
}

}  // namespace kload
