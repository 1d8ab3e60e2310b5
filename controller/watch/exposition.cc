#include "controller/watch/exposition.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/status.h"

namespace kload::watch {
namespace {

constexpr size_t kExcerptMax = 30;  // bytes of a line that an error shows
constexpr size_t kLabelsMax = 64;   // of one sample

// One line, from the left to the right.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool Skip(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Whether there were any.
  bool SkipBlanks() {
    const size_t before = at_;
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ != before;
  }
  std::string_view TakeName(bool colon) {
    const size_t begin = at_;
    while (!at_end() && IsNameCharacter(text_[at_], at_ == begin, colon)) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::string_view TakeWord() {
    const size_t begin = at_;
    while (!at_end() && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    return text_.substr(begin, at_ - begin);
  }
  absl::StatusOr<std::string> TakeQuoted() {
    if (!Skip('"')) return Expected("a label's value in double quotes");
    std::string value;
    while (true) {
      const size_t plain = text_.find_first_of("\\\"", at_);
      if (plain == std::string_view::npos) return Expected("the closing quote of a label's value");
      value.append(text_.substr(at_, plain - at_));
      at_ = plain + 1;
      if (text_[plain] == '"') return value;
      const char escaped = peek();
      if (escaped != '\\' && escaped != '"' && escaped != 'n') {
        return Expected("\\\\, \\\" or \\n after a backslash");
      }
      value += escaped == 'n' ? '\n' : escaped;
      ++at_;
    }
  }
  absl::Status Expected(std::string_view what) const {
    const std::string_view rest = text_.substr(at_, kExcerptMax);
    std::string shown;
    for (const char c : rest) shown += c >= ' ' && c != '\x7f' ? c : '?';
    return absl::InvalidArgumentError(fmt::format(
        "expected {}, found {}", what, rest.empty() ? "the line's end" : '"' + shown + '"'));
  }

 private:
  const std::string_view text_;
  size_t at_ = 0;
};

absl::Status ParseLabels(Line& line, Labels& labels) {
  if (!line.Skip('{')) return absl::OkStatus();
  line.SkipBlanks();
  while (!line.Skip('}')) {
    const std::string_view name = line.TakeName(/*colon=*/false);
    if (name.empty()) return line.Expected("a label's name or }");
    line.SkipBlanks();
    if (!line.Skip('=')) return line.Expected("= after a label's name");
    line.SkipBlanks();
    KLOAD_ASSIGN_OR_RETURN(std::string value, line.TakeQuoted());
    if (labels.size() == kLabelsMax)
      return line.Expected(fmt::format("at most {} labels", kLabelsMax));
    if (!labels.emplace(name, std::move(value)).second) {
      return line.Expected("each label once only");
    }
    line.SkipBlanks();
    if (line.Skip(',')) {
      line.SkipBlanks();
    } else if (line.peek() != '}') {
      return line.Expected(", or } after a label");
    }
  }
  return absl::OkStatus();
}

// A timestamp, an exemplar, or nothing.
absl::Status ParseRest(Line& line) {
  line.SkipBlanks();
  if (line.at_end() || line.peek() == '#') return absl::OkStatus();
  const Line before = line;
  double timestamp = 0;
  if (!ParseFloat(line.TakeWord(), timestamp)) return before.Expected("a timestamp");
  line.SkipBlanks();
  if (line.at_end() || line.peek() == '#') return absl::OkStatus();
  return line.Expected("the line's end");
}

absl::Status ParseSample(std::string_view text, const Wanted& wanted,
                         std::vector<ExposedSample>& samples) {
  Line line(text);
  ExposedSample sample;
  const std::string_view name = line.TakeName(/*colon=*/true);
  if (name.empty()) return line.Expected("the name of a metric");
  bool apart = line.SkipBlanks();
  apart = line.peek() == '{' || apart;
  KLOAD_RETURN_IF_ERROR(ParseLabels(line, sample.labels));
  line.SkipBlanks();
  const Line before = line;
  if (!apart || !ParseFloat(line.TakeWord(), sample.value)) {
    return before.Expected("a number after the metric's name and labels");
  }
  KLOAD_RETURN_IF_ERROR(ParseRest(line));
  if (!wanted(name)) return absl::OkStatus();
  if (samples.size() == kWantedMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "the page has more than {} series of the metrics that are asked for", kWantedMax));
  }
  sample.name = name;
  samples.push_back(std::move(sample));
  return absl::OkStatus();
}

std::string_view WithoutBlanks(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

bool IsNameCharacter(char c, bool first, bool colon) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
  return (c == ':' && colon) || (c >= '0' && c <= '9' && !first);
}

bool ParseFloat(std::string_view text, double& value) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if (text.empty() || (plus && text[0] == '-')) return false;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (stopped != end) return false;
  if (error == std::errc()) return true;
  if (error != std::errc::result_out_of_range) return false;
  // Too large or too small for a double: whoever wrote it meant the nearest there is.
  const size_t exponent = text.find_first_of("eE");
  const bool small =
      exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
  value = std::copysign(small ? 0.0 : HUGE_VAL, text[0] == '-' ? -1.0 : 1.0);
  return true;
}

absl::StatusOr<std::vector<ExposedSample>> ParseExposition(std::string_view page,
                                                           const Wanted& wanted) {
  if (page.size() > kPageBytesMax) {
    return absl::ResourceExhaustedError(
        fmt::format("the page is larger than {} MiB", kPageBytesMax / (1024 * 1024)));
  }
  std::vector<ExposedSample> samples;
  size_t lines = 0;
  size_t seen = 0;
  while (!page.empty()) {
    const size_t end = page.find('\n');
    const std::string_view line = WithoutBlanks(page.substr(0, end));
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    ++lines;
    if (line == "# EOF") break;
    if (line.empty() || line.starts_with('#')) continue;
    if (++seen > kSamplesMax) {
      return absl::ResourceExhaustedError(
          fmt::format("the page has more than {} samples", kSamplesMax));
    }
    const absl::Status parsed = ParseSample(line, wanted, samples);
    if (!parsed.ok()) return Annotate(parsed, fmt::format("line {}", lines));
  }
  return samples;
}

}  // namespace kload::watch
