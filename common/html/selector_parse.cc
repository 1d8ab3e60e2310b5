#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "common/base/utf8.h"
#include "common/html/ascii.h"
#include "common/html/pseudo_class.h"
#include "common/html/selector.h"
#include "common/html/selector_tree.h"

namespace kload::html {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsNameByte(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// ---- The parser: every function returns false after Wrong() ----

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<SelectorList> Run() {
    SelectorList list;
    if (text_.size() > Selector::kTextBytesMax) {
      Wrong(fmt::format("it has {} bytes, {} are the most", text_.size(), Selector::kTextBytesMax));
    } else if (ReadList(list, 0) && at_ < text_.size()) {
      Wrong(fmt::format("unexpected '{}' at byte {}", text_[at_], at_));
    }
    if (problem_.empty()) return list;
    return absl::InvalidArgumentError(
        fmt::format("selector \"{}\": {}", text_.substr(0, 200), problem_));
  }

 private:
  bool Wrong(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }
  bool Expected(std::string_view what) {
    return at_ < text_.size()
               ? Wrong(fmt::format("expected {} at byte {}, not '{}'", what, at_, text_[at_]))
               : Wrong(fmt::format("expected {} at its end", what));
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (Peek() != c || AtEnd()) return false;
    ++at_;
    return true;
  }
  bool TakeSpaces() {
    const size_t begin = at_;
    while (IsBlank(Peek())) ++at_;
    return at_ > begin;
  }

  // ---- Structure ----

  bool ReadList(SelectorList& list, int depth) {
    if (depth > Selector::kDepthMax) {
      return Wrong(fmt::format("more than {} levels of brackets", Selector::kDepthMax));
    }
    do {
      if (!ReadComplex(list.alternatives.emplace_back(), depth)) return false;
    } while (Take(','));
    return true;
  }

  bool ReadComplex(Complex& complex, int depth) {
    TakeSpaces();
    if (const auto combinator = TakeCombinator()) {
      complex.anchored = true;
      complex.compounds.emplace_back().combinator = *combinator;
      TakeSpaces();
    } else {
      complex.compounds.emplace_back();
    }
    while (true) {
      if (!ReadCompound(complex.compounds.back(), depth)) return false;
      const bool space = TakeSpaces();
      const auto combinator = TakeCombinator();
      if (!combinator.has_value() && (!space || AtEnd() || Peek() == ',' || Peek() == ')')) {
        return true;
      }
      if (complex.compounds.size() == Selector::kCompoundsMax) {
        return Wrong(fmt::format("more than {} elements in a row", Selector::kCompoundsMax));
      }
      complex.compounds.emplace_back().combinator = combinator.value_or(Combinator::kDescendant);
      TakeSpaces();
    }
  }

  std::optional<Combinator> TakeCombinator() {
    if (Take('>')) return Combinator::kChild;
    if (Take('+')) return Combinator::kNext;
    if (Take('~')) return Combinator::kSubsequent;
    return std::nullopt;
  }

  bool ReadCompound(Compound& compound, int depth) {
    if (Take('*')) {
      compound.tests.push_back({.test = Test::kType});
    } else if (AtName()) {
      Simple& simple = compound.tests.emplace_back();
      if (!ReadName(simple.name)) return false;
    }
    while (true) {
      if (Take('#')) {
        if (!ReadNamed(compound, Test::kId)) return false;
      } else if (Take('.')) {
        if (!ReadNamed(compound, Test::kClass)) return false;
      } else if (Take('[')) {
        if (!ReadAttribute(compound.tests.emplace_back())) return false;
      } else if (Take(':')) {
        if (!ReadPseudoClass(compound.tests.emplace_back(), depth)) return false;
      } else {
        return !compound.tests.empty() ||
               Expected("an element, #id, .class, [attribute] or :class");
      }
    }
  }

  bool ReadNamed(Compound& compound, Test test) {
    Simple& simple = compound.tests.emplace_back();
    simple.test = test;
    return ReadName(simple.name);
  }

  // ---- Words ----

  bool AtName() const { return IsNameByte(Peek()) || Peek() == '\\'; }

  bool ReadName(std::string& name) {
    while (AtName()) {
      if (!ReadNameByte(name)) return false;
    }
    return !name.empty() || Expected("a name");
  }

  bool ReadNameByte(std::string& name) {
    if (!Take('\\')) {
      name += text_[at_++];
      return true;
    }
    return ReadEscape(name);
  }

  // Behind the backslash.
  bool ReadEscape(std::string& out) {
    if (AtEnd()) return Wrong("a backslash at its end");
    if (!IsHex(Peek())) {
      out += text_[at_++];
      return true;
    }
    const size_t begin = at_;
    while (at_ < begin + 6 && IsHex(Peek())) ++at_;
    uint32_t code = 0;
    std::from_chars(text_.data() + begin, text_.data() + at_, code, 16);
    const bool wrong = code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    AppendUtf8(out, wrong ? 0xfffd : code);
    if (IsBlank(Peek())) ++at_;
    return true;
  }

  bool ReadQuoted(std::string& out) {
    const char quote = text_[at_++];
    while (!AtEnd() && Peek() != quote) {
      if (Take('\\')) {
        if (Take('\n')) continue;
        if (!ReadEscape(out)) return false;
      } else {
        out += text_[at_++];
      }
    }
    return Take(quote) || Wrong(fmt::format("a text without its closing {}", quote));
  }

  // ---- [attribute] ----

  bool ReadAttribute(Simple& simple) {
    simple.test = Test::kAttribute;
    TakeSpaces();
    while (AtName() || Peek() == ':') {  // xlink:href may come without its backslash
      if (!ReadNameByte(simple.name)) return false;
    }
    if (simple.name.empty()) return Expected("an attribute's name");
    simple.name = Lower(simple.name);
    TakeSpaces();
    if (Take(']')) return true;
    if (!ReadAttributeOp(simple.op)) return false;
    TakeSpaces();
    if (simple.op == AttributeOp::kRegex) return ReadRegex(simple, ']');
    if (!ReadAttributeValue(simple.value)) return false;
    TakeSpaces();
    if (Take('i') || Take('I')) {
      simple.ignore_case = true;
      simple.value = Lower(simple.value);
    } else if (!Take('s')) {
      Take('S');
    }
    TakeSpaces();
    return Take(']') || Expected("']'");
  }

  bool ReadAttributeOp(AttributeOp& op) {
    constexpr std::array<std::pair<char, AttributeOp>, 7> kOps = {{{'!', AttributeOp::kNotEquals},
                                                                   {'~', AttributeOp::kWord},
                                                                   {'|', AttributeOp::kDash},
                                                                   {'^', AttributeOp::kPrefix},
                                                                   {'$', AttributeOp::kSuffix},
                                                                   {'*', AttributeOp::kPart},
                                                                   {'#', AttributeOp::kRegex}}};
    op = AttributeOp::kEquals;
    for (const auto& [sign, meaning] : kOps) {
      if (!Take(sign)) continue;
      op = meaning;
      break;
    }
    return Take('=') || Expected("'=' or ']'");
  }

  bool ReadAttributeValue(std::string& value) {
    if (Peek() == '"' || Peek() == '\'') return ReadQuoted(value);
    while (!AtEnd() && Peek() != ']' && !IsBlank(Peek())) {
      if (!ReadNameByte(value)) return false;
    }
    return !value.empty() || Expected("a value");
  }

  // ---- :pseudo-class ----

  bool ReadPseudoClass(Simple& simple, int depth) {
    if (Peek() == ':') return Wrong("pseudo-elements (::) select nothing that a script can use");
    std::string name;
    if (!ReadName(name)) return false;
    const PseudoClass* known = FindPseudoClass(Lower(name));
    if (known == nullptr) {
      return Wrong(fmt::format(":{} is not available in kload", name));
    }
    simple.test = known->test;
    simple.own = known->own;
    simple.of_type = known->of_type;
    simple.from_end = known->from_end;
    simple.offset = 1;
    if (known->argument == Argument::kNone) return true;
    if (!Take('(')) return Wrong(fmt::format(":{} wants its argument in brackets", name));
    return ReadArgument(simple, known->argument, depth);
  }

  // Up to and with the closing bracket.
  bool ReadArgument(Simple& simple, Argument argument, int depth) {
    switch (argument) {
      case Argument::kNone:
        return true;
      case Argument::kNth:
        return ReadNth(simple);
      case Argument::kText:
        if (!ReadTextArgument(simple.value)) return false;
        simple.value = Lower(simple.value);
        return true;
      case Argument::kRegex:
        return ReadRegex(simple, ')');
      case Argument::kSelectors:
        break;
    }
    auto inner = std::make_shared<SelectorList>();
    if (!ReadList(*inner, depth + 1)) return false;
    simple.inner = std::move(inner);
    return Take(')') || Expected("')'");
  }

  bool ReadTextArgument(std::string& text) {
    TakeSpaces();
    if (Peek() == '"' || Peek() == '\'') {
      if (!ReadQuoted(text)) return false;
      TakeSpaces();
      return Take(')') || Expected("')'");
    }
    while (!AtEnd() && Peek() != ')') {
      if (!ReadNameByte(text)) return false;
    }
    while (!text.empty() && IsBlank(text.back())) text.pop_back();
    if (text.empty()) return Expected("a text");
    return Take(')') || Expected("')'");
  }

  // Up to and with the bracket that closes it; brackets within the expression come in pairs.
  bool ReadRegex(Simple& simple, char close) {
    const char open = close == ')' ? '(' : '[';
    const size_t begin = at_;
    for (int depth = 0; !AtEnd() && (depth > 0 || Peek() != close); ++at_) {
      if (Peek() == '\\') ++at_;
      if (Peek() == open) ++depth;
      if (Peek() == close) --depth;
    }
    if (AtEnd()) return Expected(fmt::format("'{}'", close));
    const std::string_view pattern = text_.substr(begin, at_++ - begin);
    auto regex = std::make_shared<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()),
                                            re2::RE2::Quiet);
    if (!regex->ok()) return Wrong(fmt::format("'{}': {}", pattern, regex->error()));
    simple.regex = std::move(regex);
    return true;
  }

  // odd, even, 3, 2n+1, -n + 3
  bool ReadNth(Simple& simple) {
    std::string text;
    while (!AtEnd() && Peek() != ')') {
      if (!IsBlank(Peek())) text += text_[at_];
      ++at_;
    }
    if (!Take(')')) return Expected("')'");
    text = Lower(text);
    if (text == "odd") text = "2n+1";
    if (text == "even") text = "2n";
    const size_t n = text.find('n');
    const bool ok = n == std::string::npos ? ReadInt(text, simple.offset)
                                           : ReadStep(text.substr(0, n), simple.step) &&
                                                 ReadOffset(text.substr(n + 1), simple.offset);
    return ok || Wrong(fmt::format("'{}' is no position such as 3, odd or 2n+1", text));
  }

  static bool ReadInt(std::string_view text, int& value) {
    if (text.substr(0, 1) == "+") text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && std::abs(value) < 1 << 30;
  }
  static bool ReadStep(std::string_view text, int& step) {
    if (text.empty() || text == "+" || text == "-") {
      step = text == "-" ? -1 : 1;
      return true;
    }
    return ReadInt(text, step);
  }
  static bool ReadOffset(std::string_view text, int& offset) {
    offset = 0;
    return text.empty() || ((text[0] == '+' || text[0] == '-') && ReadInt(text, offset));
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace

absl::StatusOr<Selector> Selector::Parse(std::string_view text) {
  absl::StatusOr<SelectorList> list = Parser(text).Run();
  if (!list.ok()) return list.status();
  Selector selector;
  selector.list_ = std::make_shared<const SelectorList>(*std::move(list));
  return selector;
}

}  // namespace kload::html
