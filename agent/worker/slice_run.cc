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

bool HasBudget(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kSharedIterations ||
         scenario.executor == ExecutorKind::kPerVuIterations;
}

bool Shares(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kSharedIterations;
}

// Not before an adopted part begins, nor while a ceded VU ends its last iteration.
bool IsDue(const std::vector<Stretch>& stretches, Nanos at) {
  return std::any_of(stretches.begin(), stretches.end(), [at](const Stretch& stretch) {
    return stretch.begin <= at && at < stretch.end;
  });
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
      worker_count_(worker_count),
      recorder_(metrics_, RecorderOptions()),
      http_(io, clock, HttpOptionsOf(worker)),
      shared_{clock,
              timers,
              http_,
              metrics_,
              recorder_,
              spec_->plan.options,
              {spec_, &spec_->env},
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
  for (const Scenario& scenario : spec_->plan.scenarios) allowed_.push_back(scenario.vus);
  MakeVus({.slice = spec_->slice, .from = Nanos::zero(), .budgets = {}});
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
      .allow = spec_->allow,
      .first_dns_turn = spec_->slice.index + uint64_t{spec_->slice.count} * worker};
  if (options.network.rps > 0) http.next_slot = [this](Nanos from) { return NextSlot(from); };
  return http;
}

// setup() and teardown() run alone in the cluster: they have every slot.
std::optional<Nanos> SliceRun::NextSlot(Nanos from) const {
  const bool alone = !shared_.start || (phase_ != nullptr && !phase_->done());
  if (alone) return NextSlotOfAll(spec_->plan.options.network.rps, from);
  std::optional<Nanos> first;
  for (const Holding& holding : holdings_) {
    const std::optional<Nanos> slot =
        holding.rate->NextSlot(std::max(from - *shared_.start, holding.from));
    if (slot && *slot < holding.until && (!first || *slot < *first)) first = slot;
  }
  if (!first) return std::nullopt;
  return *shared_.start + *first;
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

void SliceRun::Hold(Slice slice, VuClass own, Nanos from) {
  Holding holding{slice, own, from, Nanos::max(), std::nullopt};
  if (spec_->plan.options.network.rps > 0) {
    holding.rate.emplace(spec_->plan, own);
    for (const Scaled& each : scaled_) holding.rate->SetVus(each.scenario, each.from, each.vus);
  }
  holdings_.push_back(std::move(holding));
}

void SliceRun::MakeVus(const Part& part) {
  // The first of its VUs is the next worker's: parts of one VU each would else be all the first one's.
  const int64_t turn = (worker_ + worker_count_ - vus_in_agent_ % worker_count_) % worker_count_;
  const int64_t count = part.slice.count;
  Hold(part.slice, {part.slice.index + count * turn, count * worker_count_}, part.from);
  for (size_t i = 0; i < spec_->plan.scenarios.size(); ++i) {
    Making making = Collect(i, part);
    if (making.own.empty()) continue;
    if (IsArrivalRate(spec_->plan.scenarios[i])) {
      MakeArrivals(std::move(making));
    } else {
      MakeLooping(std::move(making));
    }
  }
  vus_in_agent_ += ShareOf(TotalVus(spec_->plan), part.slice);
  ++parts_;
  CountScheduled();
}

SliceRun::Making SliceRun::Collect(size_t scenario_index, const Part& part) const {
  const Scenario& scenario = spec_->plan.scenarios[scenario_index];
  Making making{.scenario = scenario_index, .part = &part, .left = {}, .own = {}, .budgets = {}};
  for (const PartBudget& budget : part.budgets) {
    if (budget.scenario == scenario.name) making.left = budget.iterations;
  }
  making.before = ShareOf(scenario.first_vu, part.slice);
  const std::vector<Step> reserved = ReservedSteps(scenario);
  const std::vector<VuSchedule> schedules = SchedulesOf(scenario, part.slice);
  making.all = static_cast<int64_t>(schedules.size());
  for (int64_t i = 0; i < making.all; ++i) {
    const VuSchedule& schedule = schedules[static_cast<size_t>(i)];
    const int64_t index_in_agent = vus_in_agent_ + schedule.vu / part.slice.count;
    if (index_in_agent % worker_count_ != worker_) continue;
    std::vector<Stretch> stretches = StretchesOf(scenario, reserved, schedule);
    std::erase_if(stretches, [&](const Stretch& stretch) { return stretch.end <= part.from; });
    for (Stretch& stretch : stretches) stretch.begin = std::max(stretch.begin, part.from);
    const int64_t budget = making.left ? ShareOf(*making.left, {uint32_t(i), uint32_t(making.all)})
                                       : IterationBudget(scenario, schedule.vu - scenario.first_vu);
    if (stretches.empty() || budget == 0) continue;
    making.own.push_back({schedule.vu, scenario_index, &scenario, std::move(stretches), nullptr,
                          index_in_agent, nullptr});
    making.budgets.push_back(budget);
  }
  return making;
}

// The agent's VUs of the scenario have indices from `before` on, of which the worker has each `worker_count`-th one. Numbers
// of iterations that somebody else has given already are not given again: where their number is fixed, those behind what was
// reported; else those behind more than can have been. The latter is told by `from`, which each owner of a VU has another of.
VuNumbers SliceRun::NumbersOf(const Making& making) const {
  constexpr int64_t kNumbersOfAPart = int64_t{1} << 40;  // in an agent
  constexpr int kRoundShift = 10;                        // no iteration is shorter: 1.024 us
  constexpr Nanos kOwnerGoesOn =
      std::chrono::minutes(10);  // when it is cut off from its controller
  const Scenario& scenario = spec_->plan.scenarios[making.scenario];
  const Slice slice = making.part->slice;
  const Vu::Spec& first = making.own.front();
  const int64_t in_agent = ShareOf(scenario.first_vu + MaxVus(scenario), slice) - making.before;
  const int64_t behind = static_cast<int64_t>(parts_) * kNumbersOfAPart;
  const Nanos from = making.part->from;
  int64_t rounds = from > Nanos::zero() ? (from + kOwnerGoesOn).count() >> kRoundShift : 0;
  if (making.left) {
    int64_t given = -*making.left;
    for (const VuSchedule& each : SchedulesOf(scenario, slice)) {
      given += IterationBudget(scenario, each.vu - scenario.first_vu);
    }
    rounds = std::max<int64_t>(given, 0) / std::max<int64_t>(making.all, 1);
  }
  return {{in_agent, first.index_in_agent - vus_in_agent_ - making.before, worker_count_,
           (behind + in_agent - 1) / in_agent},
          {MaxVus(scenario), first.index - scenario.first_vu, int64_t{slice.count} * worker_count_,
           rounds}};
}

void SliceRun::MakeLooping(Making making) {
  const Scenario& scenario = spec_->plan.scenarios[making.scenario];
  const auto numbers = std::make_shared<VuNumbers>(NumbersOf(making));
  int64_t pooled = 0;
  for (const int64_t budget : making.budgets) pooled += Shares(scenario) ? budget : 0;
  const auto pool = std::make_shared<IterationPool>(pooled);
  for (size_t i = 0; i < making.own.size(); ++i) {
    Vu::Spec& vu = making.own[i];
    if (IsControlled(scenario)) vu.allowed = &allowed_[making.scenario];
    vu.numbers = numbers;
    vu.pool = Shares(scenario) ? pool : std::make_shared<IterationPool>(making.budgets[i]);
    first_vus_.push_back(&AddVu(std::move(vu)));
  }
}

// What the plan wants of the looping VUs that are here now.
void SliceRun::CountScheduled() {
  std::vector<std::vector<Stretch>> all;
  for (const std::unique_ptr<Vu>& vu : vus_) {
    if (!vu->controlled() && !vu->arrives()) all.push_back(vu->stretches());
  }
  scheduled_ = ScheduledSteps(all);
}

Vu& SliceRun::AddVu(Vu::Spec spec) {
  VuListener& listener = *this;
  vus_.push_back(std::make_unique<Vu>(shared_, std::move(spec), listener));
  return *vus_.back();
}

void SliceRun::MakeArrivals(Making making) {
  const Scenario& scenario = spec_->plan.scenarios[making.scenario];
  const Part& part = *making.part;
  arrivals_end_ = std::max(arrivals_end_, scenario.start_time + RegularDuration(scenario));
  const int64_t first = making.own.front().index - scenario.first_vu;
  const int64_t step = int64_t{part.slice.count} * worker_count_;
  arrivals_.push_back(std::make_unique<Arrivals>(
      shared_, scenario, ArrivalShare(MaxVus(scenario), first, step), part.from,
      NumbersOf(making).in_agent, [this](Vu& vu) { BeginVu(vu); }));
  for (const RateChange& each : rate_changes_) {
    if (each.scenario == scenario.name) arrivals_.back()->ChangeRate(each.from, each.rate);
  }
  for (Vu::Spec& spec : making.own) {
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
  http_.AfterAll();  // what waits for its turn does not wait for a script's init code
  if (releasing_) return;
  if (next_init_ == first_vus_.size()) {
    if (!std::exchange(prepared_, true)) Emit(WorkerPrepared{absl::OkStatus()});
    return;
  }
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
  // Who joins a load that goes on must not look as if it had been late until then.
  const Nanos begun =
      std::max<Nanos>(std::chrono::floor<std::chrono::seconds>(shared_.RunNow()), Nanos::zero());
  next_tick_ = begun + kTick;
  tick_.Arm(start + next_tick_);
  if (first_vus_.empty()) {
    settle_.Arm(std::max(start + std::max(arrivals_end_, open_until_), clock_.Now()));
  }
}

void SliceRun::Adopt(const Part& part) {
  ++parts_adopted_;
  if (init_failed_ || releasing_) return;
  open_until_ = std::max(open_until_, part.from);
  if (stopped_) {
    if (started_) TickAgain();
    return;
  }
  const size_t vus = vus_.size();
  const size_t arrivals = arrivals_.size();
  MakeVus(part);
  if (vus < vus_.size()) init_.Arm(clock_.Now());
  if (!started_) return;
  for (size_t i = vus; i < vus_.size(); ++i) vus_[i]->Launch(setup_json_);
  for (size_t i = arrivals; i < arrivals_.size(); ++i) arrivals_[i]->Start();
  TickAgain();
}

// For a part to come. Nothing is reported for the time without load.
void SliceRun::TickAgain() {
  if (std::exchange(all_ended_, false)) {
    next_tick_ = std::chrono::floor<std::chrono::seconds>(shared_.RunNow()) + kTick;
    tick_.Arm(*shared_.start + next_tick_);
  }
  settle_.Arm(std::max(*shared_.start + open_until_, clock_.Now()));
}

void SliceRun::Cede(const std::vector<Slice>& slices, Nanos from) {
  for (const Slice slice : slices) {
    for (const std::unique_ptr<Vu>& vu : vus_) {
      if (Owns(slice, vu->index()) && !HasBudget(vu->scenario())) vu->EndAt(from);
    }
    for (const std::unique_ptr<Arrivals>& each : arrivals_) each->Cede(slice, from);
    CedeHoldings(slice, from);
  }
  const bool all_gone = std::all_of(holdings_.begin(), holdings_.end(),
                                    [from](const Holding& each) { return each.until <= from; });
  if (all_gone) arrivals_end_ = std::min(arrivals_end_, from);
  CountScheduled();
  if (started_) settle_.Arm(std::max(*shared_.start + from, clock_.Now()));
}

// What is left of a holding stays with the workers that have its VUs.
void SliceRun::CedeHoldings(Slice slice, Nanos from) {
  for (size_t i = holdings_.size(); i-- > 0;) {
    if (holdings_[i].until <= from || !Contains(holdings_[i].slice, slice)) continue;
    const Slice whole = holdings_[i].slice;
    const VuClass own = holdings_[i].own;
    const Nanos since = std::max(holdings_[i].from, from);
    holdings_[i].until = from;
    const uint32_t shares = slice.count / whole.count;
    for (uint32_t share = 0; share < shares; ++share) {
      const Slice rest = ShareOfSlice(whole, share, shares);
      const std::optional<VuClass> kept = Within(own, rest);
      if (rest.index != slice.index && kept) Hold(rest, *kept, since);
    }
  }
}

void SliceRun::ChangeRate(const std::string& scenario, int64_t rate, Nanos from) {
  const RateChange change{scenario, rate, from};
  const auto known = std::find(rate_changes_.begin(), rate_changes_.end(), change);
  if (known != rate_changes_.end()) return;
  rate_changes_.push_back(change);
  for (const std::unique_ptr<Arrivals>& each : arrivals_) {
    if (each->scenario().name == scenario) each->ChangeRate(from, rate);
  }
}

void SliceRun::Scale(const std::string& scenario, int64_t vus) {
  for (size_t i = 0; i < allowed_.size(); ++i) {
    const Scenario& each = spec_->plan.scenarios[i];
    if (each.name != scenario || !IsControlled(each) || allowed_[i] == vus) continue;
    allowed_[i] = vus;
    const Scaled& scaled = scaled_.emplace_back(Scaled{i, shared_.RunNow(), vus});
    for (Holding& holding : holdings_) {
      if (holding.rate) holding.rate->SetVus(i, scaled.from, vus);
    }
  }
  for (const std::unique_ptr<Vu>& vu : vus_) {
    if (vu->controlled()) vu->Rescale();
  }
}

// VUs that the plan wants here.
int64_t SliceRun::ScheduledVus(Nanos at) const {
  int64_t vus = VusAt(scheduled_, at);
  for (const std::unique_ptr<Vu>& vu : vus_) {
    if (vu->controlled() && vu->allowed() && !vu->done() && IsDue(vu->stretches(), at)) ++vus;
  }
  return vus;
}

void SliceRun::Stop(bool graceful) {
  stopped_ = true;
  if (started_) next_init_ = first_vus_.size();  // who has not begun by now need not
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
  http_.AfterAll();
  Emit(TakeDelta(next_tick_));
  next_tick_ += kTick;
  tick_.Arm(*shared_.start + next_tick_);
}

// Run time before which a VU may still be made for an iteration to come, or a part begins.
Nanos SliceRun::LoadMayComeUntil() const {
  if (!started_ || releasing_) return Nanos::zero();
  return stopped_ ? open_until_ : std::max(arrivals_end_, open_until_);
}

// Runs outside of every fiber, after one has ended.
void SliceRun::Settle() {
  if (ended_ < begun_ || (phase_ != nullptr && !phase_->done())) return;
  if (started_ && !stopped_ && next_init_ < first_vus_.size()) return;
  if (const Nanos until = LoadMayComeUntil(); started_ && shared_.RunNow() < until) {
    return settle_.Arm(*shared_.start + until);
  }
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
  delta.parts_adopted = parts_adopted_;
  delta.health.loop_lag_max = std::exchange(lateness_max_, Nanos::zero());
  delta.health.series = recorder_.series();
  delta.health.samples_overflowed = recorder_.overflowed();
  delta.health.vus_scheduled = stopped_ ? 0 : ScheduledVus(interval_end);
  delta.health.vus_initialized = static_cast<int64_t>(ready_);
  delta.health.iterations_late = shared_.iterations_late;
  delta.health.iterations_dropped = shared_.iterations_dropped;
  delta.health.generator_errors = http_.generator_errors();
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
