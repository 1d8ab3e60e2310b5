// The tree of an expression: between expression_parser.cc and evaluate.cc.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "common/base/clock.h"
#include "controller/watch/selector.h"

namespace kload::watch {

struct ExpressionNode;
using NodePtr = std::unique_ptr<const ExpressionNode>;

struct Number {
  double value = 0;
};

// The latest page's values.
struct Instant {
  Selector selector;
  std::string text;  // as written, for people
};

enum class RangeFunction { kRate, kIncrease, kDelta };

struct Range {
  RangeFunction function = RangeFunction::kRate;
  Instant of;
  Nanos window{0};
};

enum class Aggregation { kSum, kAvg, kMin, kMax, kCount };

struct Aggregate {
  Aggregation how = Aggregation::kSum;
  NodePtr of;
};

struct Quantile {
  double quantile = 0;  // 0 to 1
  NodePtr buckets;      // an Instant or a Range
};

struct Binary {
  char op = '+';  // + - * /
  NodePtr left;
  NodePtr right;
};

struct ExpressionNode {
  std::variant<Number, Instant, Range, Aggregate, Quantile, Binary> what;
};

}  // namespace kload::watch
