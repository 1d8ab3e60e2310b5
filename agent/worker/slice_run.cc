#include "agent/worker/slice_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "agent/vu/life.h"
#include "agent/worker/proxy_warning.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/plan/slice.h"
#include "common/plan/timeline.h"

namespace kload::agent {
namespace {

constexpr uint64_t kLogLinesPerSecond = 500;
constexpr Nanos kTick = std::chrono::seconds(1);

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Shares(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kSharedIterations;
}

}  // namespace

SliceRun::SliceRun(boost::asio::io_context& io, const Clock& clock, TimerQueue& timers,
                   std::shared_ptr<const RunSpec> spec, uint32_t worker, uint32_t worker_count,
                   SampleFile* sample_file, const std::atomic<bool>& interrupt,
                   WorkerEventSink sink)
    : clock_(clock),
      spec_(std::move(spec)),
      worker_(worker),
      sink_(std::move(sink)),
      sample_file_(sample_file),
      figures_(spec_->figures->Of(worker)),
      log_gate_(kLogLinesPerSecond),
      recorder_(metrics_, RecorderOptions()),
      http_(io, clock, HttpOptionsOf(worker)),
      shared_{clock,
              timers,
              http_,
              metrics_,
              recorder_,
              spec_->plan.options,
              spec_->env,
              spec_->script,
              [this](LogRecord record) { Log(std::move(record)); },
              [this](TestCallRecord record) { Emit(std::move(record)); },
              *spec_->figures,
              &interrupt},
      init_(timers, [this] { InitNext(); }),
      tick_(timers, [this] { Tick(); }),
      settle_(timers, [this] { Settle(); }) {
  shared_.secrets = spec_->secrets;
  shared_.options_json =
      std::make_shared<const std::string>(spec_->plan.options.consolidated_options_json);
  for (const Scenario& scenario : spec_->plan.scenarios) progress_.push_back({scenario.name});
  if (spec_->plan.options.network.rps > 0) {
    rate_share_.emplace(spec_->plan, spec_->slice, worker, worker_count);
  }
  MakeVus(worker, worker_count);
}

SliceRun::~SliceRun() {
  KLOAD_CHECK(released_ || begun_ == 0, "a run was destroyed before it was released");
}

Recorder::Options SliceRun::RecorderOptions() {
  Recorder::Options options;
  options.system_tags = spec_->plan.options.system_tags;
  options.series_tags = spec_->plan.options.series_tags;
  if (sample_file_ != nullptr || spec_->samples) {
    options.sample_log = [this](const MetricDef& metric, double value, const Tags& tags, Nanos at) {
      KeepSample(metric, value, tags, at);
    };
  }
  return options;
}

HttpOptions SliceRun::HttpOptionsOf(uint32_t worker) {
  const RunOptions& options = spec_->plan.options;
  HttpOptions http{
      .user_agent = options.user_agent,
      .insecure_skip_tls_verify = options.insecure_skip_tls_verify,
      .no_connection_reuse = options.no_connection_reuse,
      .hop_addresses = Contains(options.system_tags, "ip"),
      .idle = {static_cast<size_t>(options.batch), static_cast<size_t>(options.batch_per_host)},
      .network = options.network,
      .first_dns_turn = spec_->slice.index + uint64_t{spec_->slice.count} * worker};
  if (options.network.rps > 0) http.next_slot = [this](Nanos from) { return NextSlot(from); };
  return http;
}

// setup() and teardown() run alone in the cluster: they have every slot.
std::optional<Nanos> SliceRun::NextSlot(Nanos from) const {
  const bool alone = !shared_.start || (phase_ != nullptr && !phase_->done());
  if (alone) return NextSlotOfAll(spec_->plan.options.network.rps, from);
  const std::optional<Nanos> slot = rate_share_->NextSlot(from - *shared_.start);
  if (!slot) return std::nullopt;
  return *shared_.start + *slot;
}

void SliceRun::KeepSample(const MetricDef& metric, double value, const Tags& tags, Nanos at) {
  if (sample_file_ != nullptr) sample_file_->Add(metric, value, tags);
  if (!spec_->samples) return;
  // setup() measures before there is a run time.
  samples_.Add(metric, value, tags, shared_.start ? *shared_.start + at : clock_.Now());
  if (samples_.full()) Emit(samples_.Take());
}

void SliceRun::FlushSamples() {
  if (sample_file_ != nullptr) sample_file_->Flush();
  if (!samples_.empty()) Emit(samples_.Take());
}

void SliceRun::MakeVus(uint32_t worker, uint32_t worker_count) {
  std::vector<std::vector<Stretch>> all;
  for (const Scenario& scenario : spec_->plan.scenarios) allowed_.push_back(scenario.vus);
  for (size_t i = 0; i < spec_->plan.scenarios.size(); ++i) {
    const Scenario& scenario = spec_->plan.scenarios[i];
    const std::vector<Step> reserved = ReservedSteps(scenario);
    std::vector<Vu::Spec> own;
    int64_t pooled = 0;
    const int64_t before =
        ShareOf(scenario.first_vu, spec_->slice);  // the agent's, of other scenarios
    for (const VuSchedule& schedule : SchedulesOf(scenario, spec_->slice)) {
      if (schedule.vu / spec_->slice.count % worker_count != worker) continue;
      own.push_back({schedule.vu, i, &scenario, StretchesOf(scenario, reserved, schedule), nullptr,
                     schedule.vu / spec_->slice.count, nullptr});
      pooled += Shares(scenario) ? IterationBudget(scenario, schedule.vu - scenario.first_vu) : 0;
    }
    if (own.empty()) continue;
    const VuNumbers numbers = NumbersOf(scenario, own.front(), before, worker_count);
    if (IsArrivalRate(scenario)) {
      MakeArrivals(i, std::move(own), numbers.in_agent, worker_count);
      continue;
    }
    const auto shared_numbers = std::make_shared<VuNumbers>(numbers);
    const auto pool = std::make_shared<IterationPool>(pooled);
    for (Vu::Spec& vu : own) {
      if (IsControlled(scenario)) vu.allowed = &allowed_[i];
      vu.numbers = shared_numbers;
      vu.pool = Shares(scenario) ? pool
                                 : std::make_shared<IterationPool>(
                                       IterationBudget(scenario, vu.index - scenario.first_vu));
      if (!IsControlled(scenario)) all.push_back(vu.stretches);
      first_vus_.push_back(&AddVu(std::move(vu)));
    }
  }
  scheduled_ = ScheduledSteps(all);
}

// The agent's VUs of the scenario have indices from `before` on, of which the worker has each `worker_count`-th one.
VuNumbers SliceRun::NumbersOf(const Scenario& scenario, const Vu::Spec& first, int64_t before,
                              uint32_t worker_count) const {
  const int64_t in_agent = ShareOf(scenario.first_vu + MaxVus(scenario), spec_->slice) - before;
  return {{in_agent, first.index_in_agent - before, worker_count},
          {MaxVus(scenario), first.index - scenario.first_vu,
           int64_t{spec_->slice.count} * worker_count}};
}

Vu& SliceRun::AddVu(Vu::Spec spec) {
  VuListener& listener = *this;
  vus_.push_back(std::make_unique<Vu>(shared_, std::move(spec), listener));
  return *vus_.back();
}

void SliceRun::MakeArrivals(size_t scenario_index, std::vector<Vu::Spec> own,
                            const IterationNumbers& numbers, uint32_t worker_count) {
  const Scenario& scenario = spec_->plan.scenarios[scenario_index];
  arrivals_end_ = std::max(arrivals_end_, scenario.start_time + RegularDuration(scenario));
  const int64_t first = own.front().index - scenario.first_vu;
  const int64_t step = int64_t{spec_->slice.count} * worker_count;
  arrivals_.push_back(std::make_unique<Arrivals>(shared_, scenario,
                                                 ArrivalShare(MaxVus(scenario), first, step),
                                                 numbers, [this](Vu& vu) { BeginVu(vu); }));
  for (Vu::Spec& spec : own) {
    const bool spare = spec.index - scenario.first_vu >= scenario.pre_allocated_vus;
    spec.arrivals = arrivals_.back().get();
    Vu& vu = AddVu(std::move(spec));
    arrivals_.back()->Add(vu, spare);
    if (!spare) first_vus_.push_back(&vu);
  }
}

void SliceRun::Prepare() {
  // Once per agent and run.
  const std::string warning = worker_ == 0 ? ProxyWarning(std::getenv) : "";
  if (!warning.empty()) {
    Log({k6::LogLevel::kWarning, warning, "kload", "", clock_.UnixNow()});
  }
  init_.Arm(clock_.Now());
}

// One VU per turn of the loop, so that the worker stays responsive while it makes thousands.
void SliceRun::InitNext() {
  if (releasing_) return;
  if (next_init_ == first_vus_.size()) return Emit(WorkerPrepared{absl::OkStatus()});
  BeginVu(*first_vus_[next_init_++]);
  if (!init_failed_) init_.Arm(clock_.Now());
}

void SliceRun::BeginVu(Vu& vu) {
  ++begun_;
  vu.Begin();
}

void SliceRun::OnReady(absl::Status status) {
  if (status.ok()) {
    ++ready_;
    Bump(figures_.vus_initialized);
    return;
  }
  if (started_) {
    return Log({k6::LogLevel::kError,
                fmt::format("a further VU could not be made: {}", Message(status)), "kload", "",
                clock_.UnixNow()});
  }
  init_failed_ = true;
  Emit(WorkerPrepared{std::move(status)});
}

void SliceRun::RunPhase(PhaseKind kind, std::string data_json) {
  if (releasing_ || (phase_ != nullptr && !phase_->done())) return;
  phase_ = std::make_unique<Phase>(
      shared_, kind, std::move(data_json), [this, kind](PhaseOutcome outcome) {
        FlushSamples();
        Emit(PhaseEnded{kind, std::move(outcome), recorder_.TakeDelta()});
        settle_.Arm(clock_.Now());
      });
  phase_->Begin();
}

void SliceRun::Start(Nanos start, std::string setup_json) {
  if (started_ || stopped_) return;
  started_ = true;
  shared_.start = start;
  setup_json_ = std::move(setup_json);
  for (const std::unique_ptr<Vu>& vu : vus_) vu->Launch(setup_json_);
  for (const std::unique_ptr<Arrivals>& arrivals : arrivals_) arrivals->Start();
  next_tick_ = kTick;
  tick_.Arm(start + next_tick_);
  if (first_vus_.empty()) settle_.Arm(start + arrivals_end_);
}

void SliceRun::Scale(const std::string& scenario, int64_t vus) {
  for (size_t i = 0; i < allowed_.size(); ++i) {
    const Scenario& each = spec_->plan.scenarios[i];
    if (each.name != scenario || !IsControlled(each)) continue;
    allowed_[i] = vus;
    if (rate_share_) rate_share_->SetVus(i, shared_.RunNow(), vus);
  }
  for (const std::unique_ptr<Vu>& vu : vus_) {
    if (vu->controlled()) vu->Rescale();
  }
}

// VUs that the plan wants here.
int64_t SliceRun::ScheduledVus(Nanos at) const {
  int64_t vus = VusAt(scheduled_, at);
  for (const std::unique_ptr<Vu>& vu : vus_) {
    if (vu->controlled() && vu->allowed() && !vu->done()) ++vus;
  }
  return vus;
}

void SliceRun::Stop(bool graceful) {
  stopped_ = true;
  for (const std::unique_ptr<Arrivals>& arrivals : arrivals_) arrivals->Stop();
  for (const std::unique_ptr<Vu>& vu : vus_) {
    vu->Stop(graceful ? vu->graceful_stop() : Nanos::zero());
  }
  if (phase_ != nullptr) phase_->Cancel();
  settle_.Arm(clock_.Now());
}

void SliceRun::Release() {
  releasing_ = true;
  init_.Cancel();
  Stop(false);
}

void SliceRun::OnActive(size_t scenario, bool active) {
  progress_[scenario].vus_active += active ? 1 : -1;
  Bump<int64_t>(figures_.vus_active, active ? 1 : -1);
}

void SliceRun::OnIteration(size_t scenario, bool complete) {
  ++(complete ? progress_[scenario].iterations_complete
              : progress_[scenario].iterations_interrupted);
  Bump(complete ? figures_.iterations_completed : figures_.iterations_interrupted);
}

void SliceRun::OnEnded() {
  ++ended_;
  settle_.Arm(clock_.Now());
}

void SliceRun::NoteLateness(Nanos lateness) { lateness_max_ = std::max(lateness_max_, lateness); }

void SliceRun::Tick() {
  // Armed again for the same instant, it comes after VUs that begin right then: they count in what it reports.
  tick_is_last_ = !tick_is_last_;
  if (tick_is_last_) return tick_.Arm(*shared_.start + next_tick_);
  Emit(TakeDelta(next_tick_));
  next_tick_ += kTick;
  tick_.Arm(*shared_.start + next_tick_);
}

// Whether a VU may still be made for an iteration to come.
bool SliceRun::ArrivalsGoOn() const {
  return started_ && !stopped_ && shared_.RunNow() < arrivals_end_;
}

// Runs outside of every fiber, after one has ended.
void SliceRun::Settle() {
  if (ended_ < begun_ || (phase_ != nullptr && !phase_->done())) return;
  if (ArrivalsGoOn()) return settle_.Arm(*shared_.start + arrivals_end_);
  if (started_ && !all_ended_) {
    all_ended_ = true;
    tick_.Cancel();
    WorkerDelta last = TakeDelta(std::max(shared_.RunNow(), Nanos::zero()));
    last.health.vus_scheduled = 0;
    last.ended = true;
    Emit(std::move(last));
  }
  if (releasing_ && !released_) {
    released_ = true;
    tick_.Cancel();
  }
}

WorkerDelta SliceRun::TakeDelta(Nanos interval_end) {
  FlushSamples();
  const uint64_t dropped_lines = log_gate_.TakeDropped();
  if (dropped_lines > 0) {
    Emit(LogRecord{k6::LogLevel::kWarning, DroppedLinesText(dropped_lines), "kload", "",
                   clock_.UnixNow()});
  }
  WorkerDelta delta;
  delta.interval_end = interval_end;
  delta.series = recorder_.TakeDelta();
  delta.scenarios = progress_;
  delta.health.loop_lag_max = std::exchange(lateness_max_, Nanos::zero());
  delta.health.series = recorder_.series();
  delta.health.samples_overflowed = recorder_.overflowed();
  delta.health.vus_scheduled = stopped_ ? 0 : ScheduledVus(interval_end);
  delta.health.vus_initialized = static_cast<int64_t>(ready_);
  for (const ScenarioProgress& scenario : progress_) delta.health.vus_active += scenario.vus_active;
  return delta;
}

void SliceRun::Log(LogRecord record) {
  if (log_gate_.Pass(clock_.Now())) Emit(std::move(record));
}

void SliceRun::Emit(decltype(WorkerEvent::event) event) {
  sink_({worker_, spec_->run_id, std::move(event)});
}

}  // namespace kload::agent
