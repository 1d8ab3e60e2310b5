#include "common/k6/import_scan.h"

#include <cctype>
#include <optional>
#include <tuple>
#include <utility>

namespace kload::k6 {
namespace {

bool IsWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordPart(char c) {
  return IsWordStart(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

struct Token {
  enum class Kind { kEnd, kWord, kString, kSign };
  Kind kind = Kind::kEnd;
  std::string_view text;  // the word, the string's inside, one character
  size_t begin = 0;
  bool Is(std::string_view sign) const {
    return text == sign && (kind == Kind::kSign || kind == Kind::kWord);
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Token Next() {
    SkipBlanks();
    if (at_ >= source_.size()) return {};
    const size_t begin = at_;
    const char c = source_[at_];
    Token token{.kind = Token::Kind::kSign, .text = source_.substr(begin, 1), .begin = begin};
    if (IsWordStart(c)) {
      while (at_ < source_.size() && IsWordPart(source_[at_])) ++at_;
      token.kind = Token::Kind::kWord;
      token.text = source_.substr(begin, at_ - begin);
    } else if (c == '"' || c == '\'') {
      SkipQuoted(c);
      token.kind = Token::Kind::kString;
      token.text = source_.substr(begin + 1, at_ > begin + 2 ? at_ - begin - 2 : 0);
    } else if (c == '`' || (c == '/' && regexp_may_follow_)) {
      SkipQuoted(c);
      token.kind = Token::Kind::kSign;
    } else {
      ++at_;
    }
    // After a value a slash divides; after anything else it begins a regular expression.
    regexp_may_follow_ = token.kind == Token::Kind::kSign && c != ')' && c != ']' && c != '}' &&
                         c != '`' && !(c == '/' && at_ > begin + 1);
    return token;
  }

  std::pair<int, int> LineAndColumn(size_t offset) const {
    int line = 1;
    size_t line_begin = 0;
    for (size_t i = 0; i < offset; ++i) {
      if (source_[i] == '\n') {
        ++line;
        line_begin = i + 1;
      }
    }
    return {line, static_cast<int>(offset - line_begin) + 1};
  }

 private:
  void SkipBlanks() {
    while (at_ < source_.size()) {
      if (std::isspace(static_cast<unsigned char>(source_[at_])) != 0) {
        ++at_;
      } else if (source_.substr(at_, 2) == "//") {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else if (source_.substr(at_, 2) == "/*") {
        const size_t end = source_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? source_.size() : end + 2;
      } else {
        break;
      }
    }
  }
  // Templates with nested templates inside ${} end early; see the header.
  void SkipQuoted(char quote) {
    bool in_class = false;
    for (++at_; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '\n' && quote != '`') {
        return;
      } else if (quote == '/' && (c == '[' || c == ']')) {
        in_class = c == '[';
      } else if (c == quote && !in_class) {
        ++at_;
        return;
      }
    }
    at_ = source_.size();
  }

  std::string_view source_;
  size_t at_ = 0;
  bool regexp_may_follow_ = true;
};

// Reads { a, b as c } behind its opening brace.
bool ReadNames(Lexer& lexer, std::vector<std::string>& names) {
  bool take_next = true;
  while (true) {
    const Token token = lexer.Next();
    if (token.kind == Token::Kind::kEnd) return false;
    if (token.Is("}")) return true;
    if (token.Is(",")) {
      take_next = true;
    } else if (take_next && token.kind != Token::Kind::kSign) {
      names.emplace_back(token.text);
      take_next = false;
    }
  }
}

// Reads what follows `import` or `export`; nullopt when it is no import of a module.
std::optional<ImportSite> ReadClause(Lexer& lexer, bool is_import) {
  ImportSite site;
  for (int i = 0; i < 16; ++i) {  // the longest clause without braces: import d, * as n from 'x'
    const Token token = lexer.Next();
    if (token.kind == Token::Kind::kString) {
      if (!is_import) return std::nullopt;
      site.specifier = token.text;
      return site;
    }
    if (token.Is("from")) {
      const Token specifier = lexer.Next();
      if (specifier.kind != Token::Kind::kString) return std::nullopt;
      site.specifier = specifier.text;
      return site;
    }
    if (token.Is("{")) {
      if (!ReadNames(lexer, site.names)) return std::nullopt;
      if (!is_import) {  // export { a } without from ends here
        const Token from = lexer.Next();
        const Token specifier = from.Is("from") ? lexer.Next() : Token{};
        if (specifier.kind != Token::Kind::kString) return std::nullopt;
        site.specifier = specifier.text;
        return site;
      }
    } else if (token.Is("*")) {
      site.star = true;
      const Token as = lexer.Next();
      if (as.Is("as")) {
        lexer.Next();
      } else if (as.Is("from")) {
        site.specifier = lexer.Next().text;
        return site;
      }
    } else if (token.kind == Token::Kind::kWord && is_import) {
      site.names.emplace_back("default");
    } else if (!token.Is(",")) {
      return std::nullopt;  // import(...), import.meta, export default ...
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<ImportSite> ScanImports(std::string_view source) {
  std::vector<ImportSite> sites;
  Lexer lexer(source);
  Token previous;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const bool keyword = token.kind == Token::Kind::kWord && !previous.Is(".") &&
                         (token.text == "import" || token.text == "export");
    previous = token;
    if (!keyword) continue;
    Lexer ahead = lexer;
    auto site = ReadClause(ahead, token.text == "import");
    if (!site.has_value()) continue;
    lexer = ahead;
    std::tie(site->line, site->column) = lexer.LineAndColumn(token.begin);
    sites.push_back(*std::move(site));
  }
  return sites;
}

std::vector<ImportSite> ScanRequires(std::string_view source) {
  std::vector<ImportSite> sites;
  Lexer lexer(source);
  Token previous;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const bool call =
        token.kind == Token::Kind::kWord && token.text == "require" && !previous.Is(".");
    previous = token;
    if (!call) continue;
    Lexer ahead = lexer;
    if (!ahead.Next().Is("(")) continue;
    const Token specifier = ahead.Next();
    if (specifier.kind != Token::Kind::kString || !ahead.Next().Is(")")) continue;
    ImportSite site{.specifier = std::string(specifier.text), .names = {}};
    std::tie(site.line, site.column) = lexer.LineAndColumn(token.begin);
    sites.push_back(std::move(site));
  }
  return sites;
}

bool LooksLikeModule(std::string_view source) {
  Lexer lexer(source);
  Token previous;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if ((token.Is("import") || token.Is("export")) && token.kind == Token::Kind::kWord &&
        !previous.Is(".")) {
      return true;
    }
    previous = token;
  }
  return false;
}

}  // namespace kload::k6
