#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "controller/watch/expression.h"
#include "controller/watch/expression_node.h"

namespace kload::watch {
namespace {

constexpr size_t kExcerptMax = 20;

struct Parsed {
  std::set<std::string, std::less<>> metrics;
  Nanos window_min{0};
  Nanos window_max{0};
};

template <typename T>
NodePtr Make(T what) {
  return std::make_unique<const ExpressionNode>(ExpressionNode{std::move(what)});
}

std::optional<RangeFunction> RangeFunctionOf(std::string_view name) {
  if (name == "rate") return RangeFunction::kRate;
  if (name == "increase") return RangeFunction::kIncrease;
  if (name == "delta") return RangeFunction::kDelta;
  return std::nullopt;
}

std::optional<Aggregation> AggregationOf(std::string_view name) {
  if (name == "sum") return Aggregation::kSum;
  if (name == "avg") return Aggregation::kAvg;
  if (name == "min") return Aggregation::kMin;
  if (name == "max") return Aggregation::kMax;
  if (name == "count") return Aggregation::kCount;
  return std::nullopt;
}

constexpr std::array<std::string_view, 6> kComparisons = {"==", "!=", ">=", "<=", ">", "<"};
constexpr std::array<std::string_view, 5> kWords = {"and", "or", "unless", "offset", "bool"};

// Recursive descent: Sum := Product (+- Product)*, Product := Factor (*/ Factor)*.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<NodePtr> ParseAll() {
    KLOAD_ASSIGN_OR_RETURN(NodePtr root, ParseSum());
    if (at_ < text_.size()) return Expected("an operator (+ - * /) or the end");
    return root;
  }
  Parsed& parsed() { return parsed_; }

 private:
  absl::StatusOr<NodePtr> ParseSum() {
    if (depth_ == Expression::kDepthMax) {
      return Fail(fmt::format("more than {} parentheses in each other", Expression::kDepthMax));
    }
    ++depth_;
    KLOAD_ASSIGN_OR_RETURN(NodePtr left, ParseProduct());
    while (Peek() == '+' || Peek() == '-') {
      const char op = Take();
      KLOAD_ASSIGN_OR_RETURN(NodePtr right, ParseProduct());
      left = Make(Binary{op, std::move(left), std::move(right)});
    }
    --depth_;
    KLOAD_RETURN_IF_ERROR(CheckNoComparison());
    return left;
  }

  absl::StatusOr<NodePtr> ParseProduct() {
    KLOAD_ASSIGN_OR_RETURN(NodePtr left, ParseFactor());
    while (Peek() == '*' || Peek() == '/') {
      const char op = Take();
      KLOAD_ASSIGN_OR_RETURN(NodePtr right, ParseFactor());
      left = Make(Binary{op, std::move(left), std::move(right)});
    }
    return left;
  }

  absl::StatusOr<NodePtr> ParseFactor() {
    bool minus = false;
    while (Peek() == '-' || Peek() == '+') minus = (Take() == '-') != minus;
    KLOAD_ASSIGN_OR_RETURN(NodePtr node, ParseOperand());
    if (!minus) return node;
    return Make(Binary{'-', Make(Number{0}), std::move(node)});
  }

  absl::StatusOr<NodePtr> ParseOperand() {
    const char c = Peek();
    if (c == '(') {
      Take();
      KLOAD_ASSIGN_OR_RETURN(NodePtr inner, ParseSum());
      KLOAD_RETURN_IF_ERROR(Take(')', "an operator (+ - * /) or )"));
      return inner;
    }
    if ((c >= '0' && c <= '9') || c == '.') {
      KLOAD_ASSIGN_OR_RETURN(const double value, ParseNumber());
      return Make(Number{value});
    }
    if (!IsNameCharacter(c, /*first=*/true, /*colon=*/true)) {
      return Expected("a metric's name, a function, a number or (");
    }
    const size_t begin = at_;
    const std::string name = TakeName(/*colon=*/true);
    const bool aggregates = AggregationOf(name).has_value();
    const std::string_view rest = text_.substr(at_);
    if (aggregates && (IsWord(rest, "by") || IsWord(rest, "without"))) return RefuseBy();
    if (Peek() == '(') return ParseCall(name, begin);
    return ParseInstant(name, begin);
  }

  // After a function's name.
  absl::StatusOr<NodePtr> ParseCall(const std::string& name, size_t begin) {
    if (const auto function = RangeFunctionOf(name)) return ParseRange(name, *function);
    if (const auto how = AggregationOf(name)) {
      Take();
      KLOAD_ASSIGN_OR_RETURN(NodePtr inner, ParseSum());
      KLOAD_RETURN_IF_ERROR(Take(')', "an operator (+ - * /) or )"));
      const std::string_view rest = text_.substr(at_);
      if (IsWord(rest, "by") || IsWord(rest, "without")) return RefuseBy();
      return Make(Aggregate{*how, std::move(inner)});
    }
    if (name == "histogram_quantile") return ParseQuantile();
    at_ = begin;
    return Fail(fmt::format(
        "there is no function {}(); there are rate, increase, delta, sum, avg, min, max, count and "
        "histogram_quantile",
        name));
  }

  absl::StatusOr<NodePtr> ParseRange(const std::string& name, RangeFunction function) {
    Take();
    Peek();
    const size_t begin = at_;
    const std::string metric = TakeName(/*colon=*/true);
    if (metric.empty() || Peek() == '(') {
      at_ = begin;
      return Expected(
          fmt::format("a metric's name: {}() takes a selector such as x{{a=\"b\"}}[10s]", name));
    }
    KLOAD_ASSIGN_OR_RETURN(Instant of, ParseSelector(metric, begin));
    KLOAD_RETURN_IF_ERROR(Take('[', fmt::format("a window such as [10s] for {}()", name)));
    Peek();
    const size_t at = at_;
    const size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return Expected("a duration and ]");
    const absl::StatusOr<Nanos> window =
        ParseDuration(Trimmed(text_.substr(at, close - at)), BareNumber::kRefused);
    if (!window.ok()) return Fail(Message(window.status()));
    if (*window < Expression::kWindowMin || *window > Expression::kWindowMax) {
      return Fail(fmt::format("a window of {} is not between {} and {}", FormatDuration(*window),
                              FormatDuration(Expression::kWindowMin),
                              FormatDuration(Expression::kWindowMax)));
    }
    at_ = close + 1;
    KLOAD_RETURN_IF_ERROR(Take(')', fmt::format(") after the window of {}()", name)));
    const bool first = parsed_.window_max == Nanos(0);
    parsed_.window_min = first ? *window : std::min(parsed_.window_min, *window);
    parsed_.window_max = std::max(parsed_.window_max, *window);
    return Make(Range{function, std::move(of), *window});
  }

  absl::StatusOr<NodePtr> ParseQuantile() {
    Take();
    Peek();
    const size_t at = at_;
    KLOAD_ASSIGN_OR_RETURN(const double quantile, ParseNumber());
    if (quantile < 0 || quantile > 1) {
      at_ = at;
      return Fail(fmt::format("the quantile {} is not between 0 and 1", quantile));
    }
    KLOAD_RETURN_IF_ERROR(Take(',', ", and buckets, such as rate(x_bucket[30s])"));
    Peek();
    const size_t begin = at_;
    if (++depth_ > Expression::kDepthMax) return Fail("too many functions in each other");
    KLOAD_ASSIGN_OR_RETURN(NodePtr buckets, ParseFactor());
    --depth_;
    if (!std::holds_alternative<Instant>(buckets->what) &&
        !std::holds_alternative<Range>(buckets->what)) {
      at_ = begin;
      return Expected(
          "buckets: a selector such as x_bucket, or rate(), increase() or delta() of one (they are "
          "summed by le)");
    }
    KLOAD_RETURN_IF_ERROR(Take(')', ") after the buckets"));
    return Make(Quantile{quantile, std::move(buckets)});
  }

  absl::StatusOr<NodePtr> ParseInstant(const std::string& name, size_t begin) {
    KLOAD_ASSIGN_OR_RETURN(Instant instant, ParseSelector(name, begin));
    if (Peek() == '[') {
      return Fail("a window is only for rate(), increase() and delta()");
    }
    return Make(std::move(instant));
  }

  absl::StatusOr<Instant> ParseSelector(const std::string& name, size_t begin) {
    Instant instant{{name, {}}, ""};
    parsed_.metrics.insert(name);
    size_t end = at_;
    if (Peek() == '{') {
      Take();
      while (Peek() != '}') {
        KLOAD_ASSIGN_OR_RETURN(Matcher matcher, ParseMatcher());
        instant.selector.matchers.push_back(std::move(matcher));
        if (Peek() == ',') {
          Take();
        } else if (Peek() != '}') {
          return Expected(", or } after a label's value");
        }
      }
      Take();
      end = at_;
    }
    instant.text = Trimmed(text_.substr(begin, end - begin));
    return instant;
  }

  absl::StatusOr<Matcher> ParseMatcher() {
    const std::string label = TakeName(/*colon=*/false);
    if (label.empty()) return Expected("a label's name or }");
    Peek();
    const std::string_view rest = text_.substr(at_);
    MatchOp op = MatchOp::kEqual;
    if (rest.starts_with("=~")) {
      op = MatchOp::kMatches;
    } else if (rest.starts_with("!~")) {
      op = MatchOp::kNotMatches;
    } else if (rest.starts_with("!=")) {
      op = MatchOp::kNotEqual;
    } else if (!rest.starts_with("=")) {
      return Expected("=, !=, =~ or !~ after a label's name");
    }
    at_ += op == MatchOp::kEqual ? 1 : 2;
    Peek();
    const size_t at = at_;
    KLOAD_ASSIGN_OR_RETURN(std::string value, ParseString());
    absl::StatusOr<Matcher> matcher = MakeMatcher(label, op, std::move(value));
    if (matcher.ok()) return matcher;
    at_ = at;
    return Fail(Message(matcher.status()));
  }

  absl::StatusOr<std::string> ParseString() {
    const char quote = Peek();
    if (quote != '"' && quote != '\'') return Expected("a text in quotes");
    Take();
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\\') {
        const char escaped = at_ < text_.size() ? text_[at_] : '\0';
        // What a regular expression needs is written twice: "\\d+".
        if (escaped != '\\' && escaped != '"' && escaped != '\'' && escaped != 'n') {
          return Expected("\\\\, \\n or an escaped quote after a backslash");
        }
        c = escaped == 'n' ? '\n' : escaped;
        ++at_;
      }
      value += c;
    }
    if (at_ == text_.size()) return Expected("the text's closing quote");
    ++at_;
    return value;
  }

  absl::StatusOr<double> ParseNumber() {
    Peek();
    const auto part = [&](size_t i) {
      const char c = text_[i];
      const bool sign =
          (c == '+' || c == '-') && i > at_ && (text_[i - 1] == 'e' || text_[i - 1] == 'E');
      return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || sign;
    };
    size_t end = at_;
    while (end < text_.size() && part(end)) ++end;
    double value = 0;
    const bool number = ParseFloat(text_.substr(at_, end - at_), value);
    const bool glued = end < text_.size() && IsNameCharacter(text_[end], true, true);
    if (!number || glued) return Expected("a number");
    at_ = end;
    return value;
  }

  // ---- Characters ----

  // The next one that is no blank; 0 at the end.
  char Peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  char Take() {
    Peek();
    return text_[at_++];
  }
  absl::Status Take(char c, std::string_view expected) {
    if (Peek() != c) return Expected(expected);
    ++at_;
    return absl::OkStatus();
  }
  std::string TakeName(bool colon) {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_], at_ == begin, colon)) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  static std::string Trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) return "";
    return std::string(text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin));
  }
  // Whether the text begins with this word, after blanks.
  static bool IsWord(std::string_view text, std::string_view word) {
    const std::string trimmed = Trimmed(text);
    return trimmed.starts_with(word) &&
           (trimmed.size() == word.size() || !IsNameCharacter(trimmed[word.size()], false, true));
  }

  // ---- Errors ----

  absl::Status Fail(std::string_view what) const {
    return absl::InvalidArgumentError(fmt::format("column {}: {}", at_ + 1, what));
  }
  absl::Status Expected(std::string_view what) {
    Peek();
    const std::string_view rest = text_.substr(at_, kExcerptMax);
    return Fail(fmt::format("expected {}, found {}", what,
                            rest.empty() ? "the end" : fmt::format("\"{}\"", rest)));
  }
  absl::Status CheckNoComparison() {
    Peek();
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view each : kComparisons) {
      if (rest.starts_with(each)) {
        return Fail(fmt::format(
            "there are no comparisons ({}): what is watched is a number over time", each));
      }
    }
    for (const std::string_view each : kWords) {
      if (IsWord(rest, each)) return Fail(fmt::format("there is no \"{}\" here", each));
    }
    return absl::OkStatus();
  }
  absl::Status RefuseBy() {
    Peek();
    return Fail(
        "there is no by and no without: an expression is one number; give one --watch per value of "
        "the label, selected as x{label=\"value\"}");
  }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  Parsed parsed_;
};

}  // namespace

absl::StatusOr<Expression> Expression::Parse(std::string_view text) {
  if (text.size() > kTextMax) {
    return absl::InvalidArgumentError(fmt::format("it is longer than {} characters", kTextMax));
  }
  Parser parser(text);
  KLOAD_ASSIGN_OR_RETURN(NodePtr root, parser.ParseAll());
  Parsed& parsed = parser.parsed();
  if (parsed.metrics.empty()) {
    return absl::InvalidArgumentError("it names no metric, so that it would never change");
  }
  Expression expression;
  expression.root_ = std::move(root);
  expression.metrics_ = std::move(parsed.metrics);
  expression.window_min_ = parsed.window_min;
  expression.window_max_ = parsed.window_max;
  return expression;
}

}  // namespace kload::watch
