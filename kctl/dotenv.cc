#include "kctl/dotenv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "common/base/status.h"
#include "kctl/read_file.h"

namespace kload::kctl {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& place) : text_(text), place_(place) {}

  absl::StatusOr<std::map<std::string, std::string>> Run() {
    while (at_ < text_.size()) {
      line_ += static_cast<int>(std::count(text_.begin() + counted_, text_.begin() + at_, '\n'));
      counted_ = at_;
      KLOAD_RETURN_IF_ERROR(ReadEntry());
    }
    return std::move(variables_);
  }

 private:
  absl::Status Wrong(std::string_view what) const {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {}", place_, line_, what));
  }

  // Up to the line's end, which is stepped over.
  std::string_view TakeLine() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  absl::Status ReadEntry() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = text_.substr(at_, end - at_);
    const std::string_view trimmed = Trim(line);
    if (trimmed.empty() || trimmed[0] == '#') {
      TakeLine();
      return absl::OkStatus();
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      // Without the text, which may be a part of a secret.
      return Wrong("the line is not NAME=VALUE");
    }
    std::string_view name = Trim(line.substr(0, equals));
    if (name.starts_with("export ")) name = Trim(name.substr(7));
    if (!IsEnvName(name)) {
      return Wrong(fmt::format(
          "\"{}\" is not a variable's name; use letters, digits and _, as in API_TOKEN=abc", name));
    }
    at_ += equals + 1;
    at_ += std::min(text_.substr(at_, end - at_).find_first_not_of(kBlank), end - at_);
    absl::StatusOr<std::string> value = ReadValue();
    if (!value.ok()) return value.status();
    variables_[std::string(name)] = *std::move(value);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadValue() {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return ReadQuoted();
    std::string_view value = TakeLine();
    for (size_t i = 0; i < value.size(); ++i) {
      const bool comment = value[i] == '#' && (i == 0 || kBlank.find(value[i - 1]) != kBlank.npos);
      if (comment) value = value.substr(0, i);
    }
    return std::string(Trim(value));
  }

  absl::StatusOr<std::string> ReadQuoted() {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size();
      value += escape ? Unescaped(text_[at_ + 1]) : text_[at_];
      at_ += escape ? 2 : 1;
    }
    if (at_ >= text_.size()) return Wrong(fmt::format("the quote {} is not closed", quote));
    ++at_;
    const std::string_view rest = Trim(TakeLine());
    if (rest.empty() || rest[0] == '#') return value;
    return Wrong("something follows the closing quote; a quote inside of \"...\" is written \\\"");
  }

  const std::string_view text_;
  const std::string& place_;
  size_t at_ = 0;
  size_t counted_ = 0;  // line ends before it are in line_
  int line_ = 1;
  std::map<std::string, std::string> variables_;
};

}  // namespace

bool IsEnvName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '_'); });
}

absl::StatusOr<std::map<std::string, std::string>> ParseDotenv(std::string_view text,
                                                               const std::string& place) {
  return Parser(text, place).Run();
}

absl::StatusOr<std::map<std::string, std::string>> ReadEnvFiles(
    const std::vector<std::string>& paths) {
  std::map<std::string, std::string> all;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return Annotate(text.status(), "--env-file");
    KLOAD_ASSIGN_OR_RETURN(const auto variables, ParseDotenv(*text, "--env-file: " + path));
    for (const auto& [name, value] : variables) all[name] = value;
  }
  return all;
}

}  // namespace kload::kctl
