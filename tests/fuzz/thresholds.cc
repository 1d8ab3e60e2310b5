// Thresholds: selectors, expressions, statistics of summaries.
#include "common/base/check.h"
#include "controller/verdict/threshold.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(text) {
  using namespace kload::controller;
  if (const auto selector = ParseSelector(text); selector.ok()) {
    const auto again = ParseSelector(ToString(*selector));
    // Values with commas or quotes have no spelling in k6's grammar.
    if (text.find_first_of("\"'`,\\{}:") == std::string_view::npos) {
      KLOAD_CHECK(again.ok() && *again == *selector, "a selector survives being written out");
    }
  }
  (void)ParseExpression(text);
  (void)ParseStatistic(text);
}
