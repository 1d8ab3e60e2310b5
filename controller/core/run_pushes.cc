#include "controller/core/run_pushes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/url_text.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;

constexpr Nanos kIntervalMin = milliseconds(100);

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  const bool bad = name.empty() || name.find_first_of("\r\n:") != std::string::npos ||
                   value.find_first_of("\r\n") != std::string::npos;
  if (!bad) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("K6_PROMETHEUS_RW_HTTP_HEADERS: \"{}\" is no header's name, or its value has "
                  "several lines",
                  name));
}

}  // namespace

absl::StatusOr<RemoteWriteSettings> DecodePrometheus(const v1::PrometheusWrite& message) {
  if (!message.url().starts_with("http://") && !message.url().starts_with("https://")) {
    return absl::InvalidArgumentError(
        fmt::format("K6_PROMETHEUS_RW_SERVER_URL: \"{}\" is neither http:// nor https://",
                    WithoutCredentials(message.url())));
  }
  RemoteWriteSettings settings;
  settings.url = message.url();
  settings.username = message.username();
  settings.password = message.password();
  settings.bearer_token = message.bearer_token();
  KLOAD_RETURN_IF_ERROR(CheckHeader("Authorization", settings.bearer_token));
  for (const auto& [name, value] : message.headers()) {
    KLOAD_RETURN_IF_ERROR(CheckHeader(name, value));
    settings.headers[name] = value;
  }
  settings.interval = std::max(kIntervalMin, Nanos(message.push_interval_ns()));
  for (const std::string& text : message.trend_stats()) {
    absl::StatusOr<TrendStat> stat = ParseTrendStat(text);
    if (!stat.ok()) return Annotate(stat.status(), "K6_PROMETHEUS_RW_TREND_STATS");
    settings.trend_stats.push_back(*std::move(stat));
  }
  settings.native_histograms = message.native_histograms();
  settings.stale_markers = message.stale_markers();
  settings.insecure_skip_tls_verify = message.insecure_skip_tls_verify();
  settings.tls_minimum_version = message.tls_minimum_version();
  return settings;
}

RunPushes::RunPushes(std::vector<RemoteWriteSettings> targets) {
  for (RemoteWriteSettings& settings : targets) {
    Target& target = targets_.emplace_back();
    target.settings = std::make_shared<const RemoteWriteSettings>(std::move(settings));
  }
}

Nanos RunPushes::NextTime(Target& target, Nanos unix_now) {
  target.last_at = std::max(unix_now, target.last_at + Nanos(milliseconds(1)));
  return target.last_at;
}

void RunPushes::Tick(const RunFigures& run, Nanos now, Nanos unix_now, const Push& push) {
  for (size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    if (target.next == Nanos(0)) target.next = now + target.settings->interval;
    if (now < target.next || target.in_flight > 0) continue;
    target.next = now + target.settings->interval;
    RenderedWrite write =
        RenderWrite(run, *target.settings, NextTime(target, unix_now), WriteKind::kValues);
    target.left_out = write.left_out;
    if (!write.body.empty()) PushTo(i, {std::move(write.body)}, push);
  }
}

void RunPushes::Finish(const RunFigures& run, Nanos unix_now, const Push& push) {
  for (size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    RenderedWrite write =
        RenderWrite(run, *target.settings, NextTime(target, unix_now), WriteKind::kValues);
    target.left_out = write.left_out;
    if (write.body.empty()) continue;
    std::vector<std::string> bodies = {std::move(write.body)};
    if (target.settings->stale_markers) {
      bodies.push_back(
          RenderWrite(run, *target.settings, NextTime(target, unix_now), WriteKind::kStaleMarkers)
              .body);
    }
    PushTo(i, std::move(bodies), push);
  }
}

bool RunPushes::finished() const {
  return std::all_of(targets_.begin(), targets_.end(),
                     [](const Target& target) { return target.in_flight == 0; });
}

void RunPushes::PushTo(size_t index, std::vector<std::string> bodies, const Push& push) {
  ++targets_[index].in_flight;
  push(targets_[index].settings, std::move(bodies),
       [self = shared_from_this(), index](absl::Status status) { self->OnPushed(index, status); });
}

void RunPushes::OnPushed(size_t index, const absl::Status& status) {
  Target& target = targets_[index];
  --target.in_flight;
  ++target.pushes;
  target.last_failed = !status.ok();
  if (status.ok()) return;
  target.error = Message(status);
  if (target.failures++ > 0) return;
  warnings_.push_back(fmt::format("could not push to Prometheus at {}: {}; the run goes on",
                                  WithoutCredentials(target.settings->url), target.error));
}

std::vector<std::string> RunPushes::TakeWarnings() { return std::exchange(warnings_, {}); }

std::vector<std::string> RunPushes::Conclusions() const {
  std::vector<std::string> conclusions;
  for (const Target& target : targets_) {
    const std::string url = WithoutCredentials(target.settings->url);
    if (target.in_flight > 0) {
      conclusions.push_back(fmt::format("Prometheus at {} did not answer to the last push", url));
    } else if (target.failures > 0) {
      conclusions.push_back(fmt::format(
          "{} of {} pushes to Prometheus at {} failed{}: {}", target.failures, target.pushes, url,
          target.last_failed ? ", the last one, with the final values, too" : "", target.error));
    }
    if (target.left_out > 0) {
      conclusions.push_back(fmt::format(
          "{} series were not pushed to Prometheus at {}: there are too many, or their metric's "
          "name means another metric's series there",
          target.left_out, url));
    }
  }
  return conclusions;
}

}  // namespace kload::controller
