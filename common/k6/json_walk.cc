#include "common/k6/json_walk.h"

#include <cctype>
#include <cstdint>

#include "common/base/utf8.h"

namespace kload::k6 {
namespace {

constexpr int kDepthMax = 512;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

uint32_t ReadHex4(std::string_view text) {
  return static_cast<uint32_t>(std::stoul(std::string(text.substr(0, 4)), nullptr, 16));
}

}  // namespace

void JsonCursor::SkipBlanks() {
  while (!done() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) ++at_;
}

bool JsonCursor::Take(char c) {
  if (done() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonCursor::SkipString() {
  if (!Take('"')) return false;
  while (!done()) {
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20) return false;
    ++at_;
    if (c == '"') return true;
    if (c == '\\' && !SkipEscape()) return false;
  }
  return false;
}

bool JsonCursor::SkipValue(int depth) {
  if (depth > kDepthMax) return false;
  SkipBlanks();
  switch (peek()) {
    case '"':
      return SkipString();
    case '{':
      return SkipMembers('}', true, depth);
    case '[':
      return SkipMembers(']', false, depth);
    case 't':
      return SkipWord("true");
    case 'f':
      return SkipWord("false");
    case 'n':
      return SkipWord("null");
    default:
      return SkipNumber();
  }
}

bool JsonCursor::SkipEscape() {
  const char c = peek();
  ++at_;
  if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (std::isxdigit(static_cast<unsigned char>(peek())) == 0) return false;
  }
  return true;
}

bool JsonCursor::SkipWord(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool JsonCursor::SkipDigits() {
  if (!IsDigit(peek())) return false;
  while (IsDigit(peek())) ++at_;
  return true;
}

bool JsonCursor::SkipNumber() {
  Take('-');
  if (!Take('0') && !SkipDigits()) return false;
  if (Take('.') && !SkipDigits()) return false;
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    return SkipDigits();
  }
  return true;
}

bool JsonCursor::SkipMembers(char close, bool keyed, int depth) {
  ++at_;
  SkipBlanks();
  if (Take(close)) return true;
  while (true) {
    SkipBlanks();
    if (keyed) {
      if (!SkipString()) return false;
      SkipBlanks();
      if (!Take(':')) return false;
    }
    if (!SkipValue(depth + 1)) return false;
    SkipBlanks();
    if (Take(close)) return true;
    if (!Take(',')) return false;
  }
}

std::string UnescapeJson(std::string_view inside) {
  std::string out;
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      out += inside[i];
      continue;
    }
    if (++i == inside.size()) break;
    const char c = inside[i];
    if (c != 'u') {
      constexpr std::string_view kNames = "bfnrt";
      constexpr std::string_view kBytes = "\b\f\n\r\t";
      const size_t known = kNames.find(c);
      out += known == std::string_view::npos ? c : kBytes[known];
      continue;
    }
    // What a script gives as part of a selector need not be JSON.
    if (inside.size() - i < 5) {
      AppendUtf8(out, 0xfffd);
      break;
    }
    uint32_t code = ReadHex4(inside.substr(i + 1));
    i += 4;
    if (code >= 0xd800 && code < 0xdc00 && inside.size() - i > 6 &&
        inside.substr(i + 1, 2) == "\\u") {
      const uint32_t low = ReadHex4(inside.substr(i + 3));
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
    }
    AppendUtf8(out, code);
  }
  return out;
}

}  // namespace kload::k6
