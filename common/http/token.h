// The characters that names in HTTP's messages consist of.
//
// Thread: pure functions.
// Source: RFC 9110, 5.6.2.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace kload::http {

inline constexpr auto kIsTokenChar = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  for (const unsigned char c : std::string_view("!#$%&'*+-.^_`|~")) table[c] = true;
  return table;
}();

inline bool IsTokenChar(char c) { return kIsTokenChar[static_cast<unsigned char>(c)]; }

// A method or the name of a header.
inline bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

}  // namespace kload::http
