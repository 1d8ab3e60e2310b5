#include "controller/watch/watch_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/base/url_text.h"

namespace kload::watch {
namespace {

constexpr size_t kUrlMax = 2000;

absl::Status CheckUrl(const std::string& url) {
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  const std::string_view host =
      std::string_view(url).substr(std::min(url.size(), url.find("://") + 3));
  if (http && plain && url.size() <= kUrlMax && !host.empty() && host[0] != '/') {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("--watch-metrics: \"{}\" is no address of a Prometheus page such as "
                  "http://target:3001/metrics",
                  WithoutCredentials(url.substr(0, kUrlMax))));
}

absl::Status CheckName(const std::string& name) {
  const auto fits = [](char c) {
    return IsNameCharacter(c, false, true) || c == '-' || c == '.' || c == '/' || c == ' ' ||
           c == '%';
  };
  const bool good = !name.empty() && name.size() <= WatchSpec::kNameMax && name.front() != ' ' &&
                    name.back() != ' ' && std::all_of(name.begin(), name.end(), fits);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--watch: \"{}\" is no name; use 1 to {} letters, digits, blanks and _ - . : / %",
                  name.substr(0, WatchSpec::kNameMax), WatchSpec::kNameMax));
}

absl::StatusOr<WatchedMetric> DecodeMetric(const v1::WatchedMetric& message, Nanos interval) {
  KLOAD_RETURN_IF_ERROR(CheckName(message.name()));
  absl::StatusOr<Expression> expression = Expression::Parse(message.expression());
  const std::string where = fmt::format("--watch {}", message.name());
  if (!expression.ok()) return Annotate(expression.status(), where);
  const Nanos window = expression->window_min();
  // One that is as long as the interval would have two pages or one, as it happens.
  if (window > Nanos(0) && window < 2 * interval) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: a window of {} is too short for a page every {}; make it at least {}, or "
        "--watch-interval shorter",
        where, FormatDuration(window), FormatDuration(interval), FormatDuration(2 * interval)));
  }
  return WatchedMetric{message.name(), message.expression(), *std::move(expression)};
}

}  // namespace

Nanos WatchSpec::window() const {
  Nanos window{0};
  for (const WatchedMetric& each : metrics) window = std::max(window, each.expression.window_max());
  return window;
}

absl::StatusOr<WatchSpec> DecodeWatch(const v1::TargetWatch& message) {
  WatchSpec spec;
  KLOAD_RETURN_IF_ERROR(CheckUrl(message.url()));
  spec.url = message.url();
  if (message.interval_ns() != 0) spec.interval = Nanos(message.interval_ns());
  if (spec.interval < WatchSpec::kIntervalMin || spec.interval > WatchSpec::kIntervalMax) {
    return absl::InvalidArgumentError(fmt::format(
        "--watch-interval: {} is not between {} and {}", FormatDuration(spec.interval),
        FormatDuration(WatchSpec::kIntervalMin), FormatDuration(WatchSpec::kIntervalMax)));
  }
  if (message.metrics().empty()) {
    return absl::InvalidArgumentError(
        "--watch-metrics: nothing is watched there; say --watch NAME=EXPRESSION");
  }
  if (static_cast<size_t>(message.metrics_size()) > WatchSpec::kMetricsMax) {
    return absl::InvalidArgumentError(fmt::format("--watch: {} metrics are more than {}",
                                                  message.metrics_size(), WatchSpec::kMetricsMax));
  }
  std::set<std::string> names;
  for (const v1::WatchedMetric& each : message.metrics()) {
    KLOAD_ASSIGN_OR_RETURN(WatchedMetric metric, DecodeMetric(each, spec.interval));
    if (!names.insert(metric.name).second) {
      return absl::InvalidArgumentError(
          fmt::format("--watch: the name \"{}\" is given twice", metric.name));
    }
    spec.metrics.push_back(std::move(metric));
  }
  return spec;
}

}  // namespace kload::watch
