#include "agent/vu/vu_host.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/record/tag_rules.h"
#include "agent/vu/sleep_grid.h"
#include "common/base/check.h"

namespace kload::agent {
namespace {

// Paths beyond this are not remembered: a script that makes up group names must not fill the
// memory.
constexpr size_t kScopesMax = 1000;

double Milliseconds(Nanos duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether `tag` has to come with each call: it is enabled, and on series or seen in raw samples.
bool TellsPerCall(const VuShared& shared, std::string_view tag, bool on_series) {
  return Contains(shared.options.system_tags, tag) && (on_series || shared.recorder.logs_samples());
}

absl::Status Stopped() { return absl::CancelledError("the VU is being stopped"); }

}  // namespace

VuHost::VuHost(VuShared& shared, Identity identity, ExecutionSource execution)
    : shared_(shared),
      http_(shared.http, ClientOwnerOf(identity.vu)),
      resume_(shared.timers, [this] { fiber_->Resume(); }),
      tells_vu_(TellsPerCall(shared, "vu", false)),
      tells_iter_(TellsPerCall(shared, "iter", Contains(shared.options.series_tags, "iter"))),
      identity_(std::move(identity)),
      execution_(std::move(execution)) {
  root_scope_ = scope_ = ScopeOf(identity_.root_group);
}

ClientOwner VuHost::ClientOwnerOf(int64_t vu) {
  return {.vu = vu,
          .log = [this](std::string_view text) { Log(k6::LogLevel::kInfo, text, "http-debug"); }};
}

void VuHost::Suspend(Waits waits) {
  KLOAD_CHECK(fiber_ != nullptr && fiber_->running(), "only the VU's own fiber may wait");
  waits_ = waits;
  suspended_ = true;
  fiber_->Suspend();
  waits_ = Waits::kNo;
  resume_.Cancel();
}

void VuHost::WaitUntil(Nanos due) {
  resume_.Arm(due);
  Suspend(Waits::kIdle);
}

void VuHost::Wait() { Suspend(Waits::kIdle); }

bool VuHost::YieldIfBusy() {
  if (suspended_) return false;
  WaitUntil(shared_.clock.Now());
  return true;
}

void VuHost::LeaveAllGroups() {
  if (groups_.empty()) return;
  groups_.clear();
  scope_ = root_scope_;
}

void VuHost::BeginEntry() {
  LeaveAllGroups();
  bytes_sent_ = 0;
  bytes_received_ = 0;
  suspended_ = false;
  ++iteration_;
  if (std::exchange(cancelled_, false)) http_.Reset();
  if (start_delay_) {
    Record(Builtin::kIterationStartDelay, Milliseconds(*start_delay_), shared_.RunNow());
  }
}

void VuHost::BeginArrival(Nanos delay) { start_delay_ = delay; }

void VuHost::EndEntry(Nanos at) {
  LeaveAllGroups();
  // Also when there was no traffic, as k6 does.
  Record(Builtin::kDataSent, static_cast<double>(bytes_sent_), at);
  Record(Builtin::kDataReceived, static_cast<double>(bytes_received_), at);
}

void VuHost::Record(MetricId metric, double value, Nanos at) {
  static const Tags kNone;
  shared_.recorder.Add(root_scope_, metric, value, Tagged(kNone), at);
}

void VuHost::Wake() {
  if (waits_ == Waits::kIdle) resume_.Arm(shared_.clock.Now());
}

void VuHost::Cancel() {
  cancelled_ = true;
  http_.Cancel();
  for (const auto& [ticket, fetch] : side_fetches_) fetch->Cancel();
  if (waits_ != Waits::kNo) resume_.Arm(shared_.clock.Now());
}

absl::StatusOr<MetricId> VuHost::DeclareMetric(const MetricDef& def) {
  return shared_.metrics.Declare(def);
}

Nanos VuHost::Scaled(Nanos script_time) const {
  const double scaled = static_cast<double>(script_time.count()) * shared_.options.time_scale;
  constexpr double kLongest = 1e18;  // 31 years
  return Nanos(std::llround(std::min(scaled, kLongest)));
}

absl::Status VuHost::Sleep(Nanos duration, bool may_group) {
  if (cancelled_) return Stopped();
  const Nanos now = shared_.clock.Now();
  const Nanos scaled = Scaled(duration);
  resume_.Arm(may_group ? EndOfSleep(now, scaled) : now + scaled);
  Suspend(Waits::kScript);
  return cancelled_ ? Stopped() : absl::OkStatus();
}

absl::Status VuHost::Fetch(const http::Request& request, const Tags& tags,
                           http::Response& response) {
  if (cancelled_) return Stopped();
  http_.Fetch(*fiber_, request, response);
  RecordHops(request, scope_, tags, response);
  suspended_ = suspended_ || sent_;  // what was sent was waited for
  if (!cancelled_ && !sent_) {
    // Nothing was sent, perhaps nothing was waited for: a script that tries again and again would keep the loop from
    // all else, its own end included.
    resume_.Arm(shared_.clock.Now());
    Suspend(Waits::kScript);
  }
  return cancelled_ ? Stopped() : absl::OkStatus();
}

void VuHost::RecordHops(const http::Request& request, const Recorder::Scope* scope,
                        const Tags& tags, http::Response& response) {
  const Nanos at = SampleTime();
  sent_ = false;
  for (http::Hop& hop : response.hops) {
    if (request.rule != nullptr && hop.expectation == http::Expectation::kByDefaultRule) {
      hop.expectation = http::Judge(*request.rule, hop.status);
    }
    sent_ = sent_ || hop.bytes_sent > 0;
    bytes_sent_ += hop.bytes_sent;
    bytes_received_ += hop.bytes_received;
    shared_.recorder.AddHop(scope, hop, Tagged(tags), at);
    if (start_delay_ && !hop.interrupted) {
      shared_.recorder.Add(scope, Builtin::kHttpReqDurationIntended,
                           Milliseconds(*start_delay_ + hop.timings.duration()), Tagged(tags), at);
    }
  }
}

// ---- Requests beside the script ----

void VuHost::BeginFetch(uint64_t ticket, const http::Request& request, const Tags& tags) {
  ordered_fetches_.push_back({ticket, request, tags, scope_});
  BeginOrdered();
}

void VuHost::BeginOrdered() {
  while (!ordered_fetches_.empty()) {
    if (!shared_.side_slots.Take()) return shared_.side_slots.Wait(*this);
    const SideFetch::Order order = ordered_fetches_.front();
    ordered_fetches_.pop_front();
    auto made = std::make_unique<SideFetch>(shared_.http, http_, shared_.side_slots, order,
                                            [this](SideFetch& fetch) { OnSideFetchEnded(fetch); });
    SideFetch& fetch = *made;
    side_fetches_.emplace(order.ticket, std::move(made));
    ++fetches_under_way_;
    if (cancelled_) fetch.Cancel();
    fetch.Begin();
  }
}

// On the fetch's own fiber, which ends right after this.
void VuHost::OnSideFetchEnded(SideFetch& fetch) {
  RecordHops(fetch.order().request, fetch.order().scope, fetch.order().tags, fetch.response());
  ended_fetches_.push_back(fetch.order().ticket);
  --fetches_under_way_;
  if (waits_ == Waits::kFetches) resume_.Arm(shared_.clock.Now());
}

absl::StatusOr<std::vector<k6::Fetched>> VuHost::AwaitFetches(std::optional<Nanos> longest) {
  if (cancelled_) return Stopped();
  if (ended_fetches_.empty() && (longest || !side_fetches_.empty() || !ordered_fetches_.empty())) {
    if (longest) resume_.Arm(shared_.clock.Now() + Scaled(*longest));
    Suspend(Waits::kFetches);
    if (cancelled_) return Stopped();
  }
  std::vector<k6::Fetched> ended;
  for (const uint64_t ticket : std::exchange(ended_fetches_, {})) {
    const auto found = side_fetches_.find(ticket);
    ended.push_back({ticket, std::move(found->second->response())});
    side_fetches_.erase(found);  // its slot goes to who waits, maybe this VU
  }
  return ended;
}

void VuHost::AbandonFetches() {
  ordered_fetches_.clear();
  shared_.side_slots.StopWaiting(*this);
  for (const auto& [ticket, fetch] : side_fetches_) fetch->Cancel();
  // The last one that ended has armed the timer, which fires when its fiber is done.
  while (fetches_under_way_ > 0) Suspend(Waits::kFetches);
  side_fetches_.clear();
  ended_fetches_.clear();
}

// ---- The test as a whole ----

void VuHost::CallTest(k6::TestCall call, std::string_view message) {
  shared_.call_test({call, std::string(message)});
}

void VuHost::SetVuTag(const std::string& name, const std::optional<std::string>& value) {
  if (value) {
    vu_tags_[name] = *value;
  } else {
    vu_tags_.erase(name);
  }
  scopes_.clear();
  root_scope_ = ScopeOf(identity_.root_group);
  scope_ = ScopeOf(group_path());
}

Tags VuHost::GetVuTags() {
  const std::map<std::string, std::string> tags = TagsOf(group_path());
  return {tags.begin(), tags.end()};
}

void VuHost::AddSample(MetricId metric, double value, const Tags& tags) {
  shared_.recorder.Add(scope_, metric, value, Tagged(tags), shared_.RunNow());
}

void VuHost::AddCheck(std::string_view name, bool passed, const Tags& tags) {
  shared_.recorder.AddCheck(scope_, name, passed, Tagged(tags), SampleTime());
}

void VuHost::EnterGroup(std::string_view name) {
  std::string path = group_path();
  path += "::";
  path += name;
  scope_ = ScopeOf(path);
  groups_.push_back({std::move(path), shared_.clock.Now()});
}

void VuHost::LeaveGroup() {
  if (groups_.empty()) return;
  AddSample(Builtin::kGroupDuration, Milliseconds(shared_.clock.Now() - groups_.back().entered),
            {});
  groups_.pop_back();
  scope_ = groups_.empty() ? root_scope_ : ScopeOf(group_path());
}

void VuHost::Log(k6::LogLevel level, std::string_view text, std::string_view source) {
  shared_.log(
      {level, std::string(text), std::string(source), identity_.scenario, shared_.clock.UnixNow()});
}

const Tags& VuHost::WithIdentity(const Tags& tags) {
  tagged_ = tags;
  if (tells_vu_) SetTag(tagged_, "vu", std::to_string(identity_.vu));
  if (tells_iter_) SetTag(tagged_, "iter", std::to_string(std::max<int64_t>(iteration_, 0)));
  return tagged_;
}

// What comes later wins: run tags, scenario tags, the VU's, system tags.
std::map<std::string, std::string> VuHost::TagsOf(const std::string& group_path) const {
  std::map<std::string, std::string> tags = shared_.options.tags;
  for (const auto& [name, value] : identity_.scenario_tags) tags[name] = value;
  for (const auto& [name, value] : vu_tags_) tags[name] = value;
  const std::vector<std::string>& system = shared_.options.system_tags;
  if (Contains(system, "scenario") && !identity_.scenario.empty())
    tags["scenario"] = identity_.scenario;
  if (Contains(system, "group")) tags["group"] = group_path;
  if (Contains(system, "vu") && Contains(shared_.options.series_tags, "vu")) {
    tags["vu"] = std::to_string(identity_.vu);
  }
  return tags;
}

const Recorder::Scope* VuHost::ScopeOf(const std::string& group_path) {
  const auto known = scopes_.find(group_path);
  if (known != scopes_.end()) return known->second;
  const std::map<std::string, std::string> tags = TagsOf(group_path);
  const Recorder::Scope* scope = shared_.recorder.InternScope(Tags(tags.begin(), tags.end()));
  if (scopes_.size() < kScopesMax) scopes_.emplace(group_path, scope);
  return scope;
}

}  // namespace kload::agent
