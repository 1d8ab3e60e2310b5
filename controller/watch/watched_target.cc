#include "controller/watch/watched_target.h"

#include <utility>

#include "common/base/status.h"

namespace kload::watch {

WatchedTarget::WatchedTarget(std::shared_ptr<const WatchSpec> spec)
    : spec_(std::move(spec)), history_(spec_->window()) {
  for (const WatchedMetric& metric : spec_->metrics) {
    wanted_.insert(metric.expression.metrics().begin(), metric.expression.metrics().end());
  }
}

Reading WatchedTarget::Take(Nanos at, const absl::StatusOr<std::string>& page) {
  Reading reading;
  reading.at = at;
  reading.page = page.status();
  if (!page.ok()) return reading;
  const auto wanted = [this](std::string_view name) { return wanted_.contains(name); };
  const absl::StatusOr<std::vector<ExposedSample>> samples = ParseExposition(*page, wanted);
  if (!samples.ok()) {
    reading.page = absl::IsInvalidArgument(samples.status())
                       ? Annotate(samples.status(), "this is no Prometheus page")
                       : samples.status();
    return reading;
  }
  history_.Add(at, *samples);
  for (const WatchedMetric& metric : spec_->metrics) {
    reading.values.push_back(metric.expression.Evaluate(history_));
  }
  reading.shortened = history_.shortened();
  return reading;
}

}  // namespace kload::watch
