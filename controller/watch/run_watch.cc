#include "controller/watch/run_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/url_text.h"
#include "controller/watch/watch_wire.h"

namespace kload::watch {

RunWatch::RunWatch(WatchSpec spec, ReadTarget read, std::vector<std::string> earlier)
    : spec_(std::make_shared<const WatchSpec>(std::move(spec))),
      target_(std::make_shared<WatchedTarget>(spec_)),
      read_(std::move(read)),
      metrics_(spec_->metrics.size()) {
  for (size_t i = 0; i < std::min(earlier.size(), metrics_.size()); ++i) {
    metrics_[i].earlier = std::move(earlier[i]);
  }
  KeepHeader();
}

void RunWatch::Tick(Nanos now, std::optional<Nanos> zero) {
  zero_ = zero;
  if (!next_) next_ = now;
  if (now < *next_ || in_flight_ || ending_) return;
  // In step with the first look; turns that were missed are left out.
  *next_ += spec_->interval * ((now - *next_) / spec_->interval + 1);
  Look();
}

void RunWatch::Finish(std::optional<Nanos> zero) {
  zero_ = zero;
  ending_ = true;
  if (!next_ || last_failed_) return;
  last_due_ = true;
  if (!in_flight_) Look();
}

void RunWatch::Look() {
  in_flight_ = true;
  if (ending_) last_due_ = false;
  ++pages_;
  read_(target_, [self = shared_from_this()](const Reading& reading) { self->OnRead(reading); });
}

void RunWatch::OnRead(const Reading& reading) {
  in_flight_ = false;
  last_failed_ = !reading.page.ok();
  if (last_failed_) {
    error_ = Message(reading.page);
    last_due_ = false;
    if (failed_++ == 0) {
      warnings_.push_back(
          fmt::format("the target's metrics could not be read from {}: {}; the run goes on",
                      WithoutCredentials(spec_->url), error_));
    }
  } else {
    if (!first_page_) first_page_ = reading.at;
    shortened_ = reading.shortened;
    KeepPoints(reading);
    if (reading.at - *first_page_ >= kPatience) WarnOfMissing();
  }
  KeepHeader();
  if (last_due_) Look();
}

void RunWatch::KeepPoints(const Reading& reading) {
  const Nanos run_time = zero_ ? reading.at - *zero_ : Nanos(-1);
  const bool kept = run_time >= Nanos(0) &&
                    (!last_kept_ || ending_ || run_time - *last_kept_ >= run_time / kPointsPerRun);
  for (size_t i = 0; i < metrics_.size(); ++i) {
    Metric& metric = metrics_[i];
    const absl::StatusOr<double>& value = reading.values[i];
    const bool missing = absl::IsNotFound(value.status());
    if (missing && metric.found) ++metric.missing;
    metric.found = metric.found || !missing;
    metric.why = Message(value.status());
    if (value.ok() && kept) ++metric.points;
  }
  if (!kept) return;
  last_kept_ = run_time;
  std::string row = EncodeReading(*spec_, run_time, reading.values);
  if (!row.empty()) details_.push_back({NumberOf(run_time), std::move(row)});
}

void RunWatch::WarnOfMissing() {
  for (size_t i = 0; i < metrics_.size(); ++i) {
    Metric& metric = metrics_[i];
    if (metric.found || std::exchange(metric.warned, true)) continue;
    warnings_.push_back(fmt::format("watching {}: {} at {}", spec_->metrics[i].name, metric.why,
                                    WithoutCredentials(spec_->url)));
  }
}

void RunWatch::Conclude() {
  if (first_page_) WarnOfMissing();
  KeepHeader();
}

std::string RunWatch::ProblemOf(const Metric& metric) const {
  const bool some_read = failed_ < pages_;
  if (some_read && metric.points == 0 && !metric.why.empty()) return metric.why;
  if (failed_ > 0) {
    return fmt::format("{} of {} pages could not be read: {}", failed_, pages_, error_);
  }
  if (metric.missing > 0) {
    return fmt::format("{} of {} pages had none of its series", metric.missing, pages_);
  }
  if (shortened_) return "there were so many series that windows became shorter";
  return metric.earlier;
}

void RunWatch::KeepHeader() {
  std::vector<std::string> problems;
  for (const Metric& metric : metrics_) problems.push_back(ProblemOf(metric));
  std::string header = EncodeHeader(*spec_, problems);
  if (header == header_) return;
  header_ = header;
  details_.push_back({kHeaderNumber, std::move(header)});
}

std::vector<WatchDetail> RunWatch::TakeDetails() { return std::exchange(details_, {}); }
std::vector<std::string> RunWatch::TakeWarnings() { return std::exchange(warnings_, {}); }

}  // namespace kload::watch
