// Walks a JSON text in place.
//
// Thread: plain values; the text must outlive them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kload::k6 {

// Every Skip...() returns false at the first error and leaves at() there.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  void SkipBlanks();
  // Goes over `c`, if it is next.
  bool Take(char c);
  bool SkipString();
  // A whole value, at most 512 deep.
  bool SkipValue(int depth = 0);

 private:
  bool SkipEscape();
  bool SkipWord(std::string_view word);
  bool SkipDigits();
  bool SkipNumber();
  bool SkipMembers(char close, bool keyed, int depth);

  std::string_view text_;
  size_t at_ = 0;
};

// The inside of a valid JSON string, unescaped.
std::string UnescapeJson(std::string_view inside);

}  // namespace kload::k6
