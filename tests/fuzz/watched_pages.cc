// The page of a target that is watched, twice at different times, and an expression on it. The expression comes first, up to the
// end of its line.
#include <algorithm>
#include <string>

#include "controller/watch/expression.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  using namespace kload::watch;
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const std::string_view page = bytes.substr(std::min(line.size() + 1, bytes.size()));
  const auto expression = Expression::Parse(line);
  const auto samples = ParseExposition(page, [](std::string_view) { return true; });
  if (!expression.ok() || !samples.ok()) return;
  History history(expression->window_max());
  history.Add(std::chrono::seconds(1), *samples);
  (void)expression->Evaluate(history);
  const auto half = ParseExposition(page.substr(0, page.rfind('\n', page.size() / 2)),
                                    [](std::string_view) { return true; });
  history.Add(std::chrono::seconds(2), half.ok() ? *half : *samples);
  (void)expression->Evaluate(history);
}
