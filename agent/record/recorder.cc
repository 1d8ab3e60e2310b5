#include "agent/record/recorder.h"

#include <array>
#include <cmath>
#include <utility>

#include "agent/record/series_table.h"
#include "agent/record/tag_rules.h"

namespace kload::agent {

struct Recorder::Scope {
  uint32_t id = 0;
  Tags tags;
  bool has_name = false;
  bool overflow = false;  // stands for scopes beyond the bound
  // By metric: where samples without tags of their own go, nullptr where that is not known yet. What each iteration records
  // by itself has none.
  mutable std::vector<Series*> untagged;
};

namespace {

using Use = TagRules::Use;

constexpr size_t kHopMetrics = 9;
constexpr size_t kFailedAt = 1;  // http_req_failed, which a hop that nobody judges lacks
constexpr std::array<MetricId, kHopMetrics> kHopMetricIds = {
    Builtin::kHttpReqs,       Builtin::kHttpReqFailed,     Builtin::kHttpReqDuration,
    Builtin::kHttpReqBlocked, Builtin::kHttpReqConnecting, Builtin::kHttpReqTlsHandshaking,
    Builtin::kHttpReqSending, Builtin::kHttpReqWaiting,    Builtin::kHttpReqReceiving};
using HopSeries = std::array<Series*, kHopMetrics>;
using HopValues = std::array<double, kHopMetrics>;

// What the series of a hop depend on: all that MakeHopKey() puts into a key, to be compared without
// making one.
class HopKind {
 public:
  bool Is(const Recorder::Scope* scope, const http::Hop& hop, const Tags& tags) const {
    return scope_ == scope && hop_.status == hop.status && hop_.error_code == hop.error_code &&
           hop_.expectation == hop.expectation && tags_.IsOf(tags) && hop_.method == hop.method &&
           hop_.proto == hop.proto && hop_.tls_version == hop.tls_version &&
           hop_.remote_ip == hop.remote_ip && hop_.error == hop.error &&
           (!url_matters_ || hop_.url == hop.url);
  }
  // Allocates nothing once its texts have had such lengths.
  void Set(const Recorder::Scope* scope, const http::Hop& hop, const Tags& tags, bool url_matters,
           const HopSeries& series) {
    scope_ = scope;
    hop_ = hop;
    tags_.Clear().Add(tags);
    url_matters_ = url_matters;
    series_ = series;
  }
  const HopSeries& series() const { return series_; }

 private:
  const Recorder::Scope* scope_ = nullptr;
  http::Hop hop_;
  KeyBuffer tags_;
  bool url_matters_ = false;
  HopSeries series_{};
};
constexpr size_t kHopKinds = 4;

// Where the last check of each kind went: found by a few of its letters, and then compared.
struct CheckMemo {
  const Recorder::Scope* scope = nullptr;
  std::string name;
  Series* series = nullptr;
};
constexpr size_t kCheckMemos = 64;  // a power of 2
constexpr size_t kCheckMemoNameMax = 256;

size_t PlaceOf(uint32_t scope, std::string_view name) {
  const size_t letters = name.empty()
                             ? 0
                             : static_cast<uint8_t>(name.front()) * size_t{7} +
                                   static_cast<uint8_t>(name[name.size() / 2]) * size_t{5} +
                                   static_cast<uint8_t>(name.back());
  return (letters + name.size() * 3 + scope) % kCheckMemos;
}

// First piece of a look-up key: what the rest of it consists of.
enum KeyKind : uint32_t { kSampleKey, kCheckKey };

double Millis(Nanos duration) { return static_cast<double>(duration.count()) / 1e6; }

// Whether the hop has a sample of the metric at `index` of kHopMetricIds.
bool Has(const http::Hop& hop, size_t index) {
  return index != kFailedAt || hop.expectation != http::Expectation::kNotJudged;
}

HopValues ValuesOf(const http::Hop& hop) {
  const http::Timings& t = hop.timings;
  return {1,
          ExpectationOf(hop) == http::Expectation::kMet ? 0.0 : 1.0,
          Millis(t.duration()),
          Millis(t.blocked),
          Millis(t.connecting),
          Millis(t.tls_handshaking),
          Millis(t.sending),
          Millis(t.waiting),
          Millis(t.receiving)};
}

void AddToSink(Series& series, double value, Nanos at) {
  switch (series.key->metric.type) {
    case MetricType::kCounter:
      std::get<CounterSink>(series.sink).Add(value);
      return;
    case MetricType::kGauge:
      std::get<GaugeSink>(series.sink).Add(value, at);
      return;
    case MetricType::kRate:
      std::get<RateSink>(series.sink).Add(value);
      return;
    case MetricType::kTrend:
      std::get<TrendSink>(series.sink).Add(value, series.key->metric.contains);
      return;
  }
}

}  // namespace

struct Recorder::Impl {
  Impl(const MetricTable& metrics, Options options)
      : metrics(metrics),
        options(std::move(options)),
        rules(this->options.system_tags, this->options.series_tags),
        table(this->options.series_max) {
    overflow_scope.overflow = true;
  }

  void Put(Series& series, double value, Nanos at) {
    AddToSink(series, value, at);
    table.Touch(series);
  }
  void PutOverflow(MetricId metric, double value, Nanos at) {
    Put(table.Overflow(metrics.Get(metric)), value, at);
    ++overflowed;
  }

  // Adds a sample to the series that `key` stands for, with the tags that `make_tags` gives when it
  // is not known. Returns the series; nullptr when the sample overflowed.
  template <typename MakeTags>
  Series* AddByKey(const Scope& scope, MetricId metric, double value, Nanos at,
                   MakeTags make_tags) {
    Series** const known = singles.Find(key);
    Series* series = known != nullptr ? *known : nullptr;
    if (series == nullptr && !scope.overflow) {
      series = table.Intern(metrics.Get(metric), make_tags());
      if (series != nullptr && singles.size() < options.series_max) singles.Insert(key, series);
    }
    if (series == nullptr) {
      PutOverflow(metric, value, at);
    } else {
      Put(*series, value, at);
    }
    return series;
  }

  bool UrlMatters(const Scope& scope, const Tags& tags) const {
    return rules.UrlMatters(scope.has_name || FindTag(tags, "name") != nullptr);
  }

  void MakeHopKey(const Scope& scope, const http::Hop& hop, const Tags& tags) {
    key.Clear()
        .Add(scope.id)
        .Add(static_cast<uint32_t>(hop.status))
        .Add(static_cast<uint32_t>(hop.error_code))
        .Add(static_cast<uint32_t>(hop.expectation))
        .Add(tags)
        .Add(hop.method)
        .Add(hop.proto)
        .Add(hop.tls_version)
        .Add(hop.remote_ip)
        .Add(hop.error);
    if (UrlMatters(scope, tags)) key.Add(hop.url);
  }

  // The nine series of the hop; nothing when they do not fit.
  bool ResolveHop(const Scope& scope, const http::Hop& hop, const Tags& tags, HopSeries& series) {
    if (scope.overflow) return false;
    const Tags full = rules.ForHop(scope.tags, tags, hop, Use::kSeries);
    // All or none: half of a request's metrics in one place would contradict the other half.
    const bool has_room = table.HasRoom(kHopMetrics);
    for (size_t i = 0; i < kHopMetrics; ++i) {
      if (!Has(hop, i)) continue;
      const MetricDef& def = metrics.Get(kHopMetricIds[i]);
      series[i] = has_room ? table.Intern(def, full) : table.Find(def, full);
      if (series[i] == nullptr) return false;
    }
    return true;
  }

  void PutHop(const HopSeries& series, const HopValues& values, Nanos at) {
    for (size_t i = 0; i < kHopMetrics; ++i) {
      if (series[i] != nullptr) Put(*series[i], values[i], at);
    }
  }

  void LogHop(const Scope& scope, const http::Hop& hop, const Tags& tags, const HopValues& values,
              Nanos at) {
    if (!options.sample_log) return;
    const Tags full = rules.ForHop(scope.tags, tags, hop, Use::kSample);
    for (size_t i = 0; i < kHopMetrics; ++i) {
      if (!Has(hop, i)) continue;
      options.sample_log(metrics.Get(kHopMetricIds[i]), values[i], full, at);
    }
  }

  void AddInterrupted(const Scope& scope, const http::Hop& hop, const Tags& tags, Nanos at) {
    const MetricDef& def = metrics.Get(Builtin::kHttpReqsInterrupted);
    if (options.sample_log) {
      options.sample_log(def, 1, rules.ForInterruptedHop(scope.tags, tags, hop, Use::kSample), at);
    }
    // At most one per VU and run: not worth a key of its own.
    Series* series =
        scope.overflow
            ? nullptr
            : table.Intern(def, rules.ForInterruptedHop(scope.tags, tags, hop, Use::kSeries));
    if (series == nullptr) return PutOverflow(Builtin::kHttpReqsInterrupted, 1, at);
    Put(*series, 1, at);
  }

  const MetricTable& metrics;
  const Options options;
  const TagRules rules;

  SeriesTable table;
  KeyBuffer key;
  // From what a call is given to what it adds to; at most series_max entries each, beyond which
  // calls are slower.
  KeyMap<Series*> singles;
  KeyMap<HopSeries> hops;
  // The last kinds of hops: a script's requests are mostly of a few.
  std::array<HopKind, kHopKinds> kinds;
  size_t next_kind = 0;
  std::array<CheckMemo, kCheckMemos> checks;  // of those without tags of their own
  KeyMap<std::unique_ptr<Scope>> scopes;
  Scope overflow_scope;
  uint64_t overflowed = 0;
};

Recorder::Recorder(const MetricTable& metrics, Options options)
    : impl_(std::make_unique<Impl>(metrics, std::move(options))) {}

Recorder::~Recorder() = default;

const Recorder::Scope* Recorder::InternScope(Tags tags) {
  impl_->key.Clear().Add(tags);
  if (const std::unique_ptr<Scope>* known = impl_->scopes.Find(impl_->key)) return known->get();
  if (impl_->scopes.size() >= impl_->options.series_max) return &impl_->overflow_scope;
  auto scope = std::make_unique<Scope>();
  scope->id = static_cast<uint32_t>(impl_->scopes.size() + 1);
  scope->has_name = FindTag(tags, "name") != nullptr;
  scope->tags = std::move(tags);
  const Scope* interned = scope.get();
  impl_->scopes.Insert(impl_->key, std::move(scope));
  return interned;
}

void Recorder::Add(const Scope* scope, MetricId metric, double value, const Tags& tags, Nanos at) {
  if (!std::isfinite(value)) return;
  if (impl_->options.sample_log) {
    impl_->options.sample_log(impl_->metrics.Get(metric), value,
                              impl_->rules.Merge(scope->tags, tags, Use::kSample), at);
  }
  if (tags.empty() && metric < scope->untagged.size() && scope->untagged[metric] != nullptr) {
    return impl_->Put(*scope->untagged[metric], value, at);
  }
  impl_->key.Clear().Add(kSampleKey).Add(scope->id).Add(metric).Add(tags);
  Series* series = impl_->AddByKey(*scope, metric, value, at, [&] {
    return impl_->rules.Merge(scope->tags, tags, Use::kSeries);
  });
  if (series == nullptr || !tags.empty()) return;
  if (scope->untagged.size() <= metric) scope->untagged.resize(metric + 1);
  scope->untagged[metric] = series;
}

void Recorder::AddCheck(const Scope* scope, std::string_view name, bool passed, const Tags& tags,
                        Nanos at) {
  const double value = passed ? 1 : 0;
  if (impl_->options.sample_log) {
    impl_->options.sample_log(impl_->metrics.Get(Builtin::kChecks), value,
                              impl_->rules.ForCheck(scope->tags, tags, name, Use::kSample), at);
  }
  CheckMemo& memo = impl_->checks[PlaceOf(scope->id, name)];
  if (memo.scope == scope && tags.empty() && memo.name == name) {
    return impl_->Put(*memo.series, value, at);
  }
  impl_->key.Clear().Add(kCheckKey).Add(scope->id).Add(name).Add(tags);
  Series* series = impl_->AddByKey(*scope, Builtin::kChecks, value, at, [&] {
    return impl_->rules.ForCheck(scope->tags, tags, name, Use::kSeries);
  });
  if (series == nullptr || !tags.empty() || name.size() > kCheckMemoNameMax) return;
  memo.scope = scope;
  memo.name.assign(name);
  memo.series = series;
}

void Recorder::AddHop(const Scope* scope, const http::Hop& hop, const Tags& tags, Nanos at) {
  if (hop.interrupted) return impl_->AddInterrupted(*scope, hop, tags, at);
  const HopValues values = ValuesOf(hop);
  impl_->LogHop(*scope, hop, tags, values, at);
  for (const HopKind& kind : impl_->kinds) {
    if (kind.Is(scope, hop, tags)) return impl_->PutHop(kind.series(), values, at);
  }
  impl_->MakeHopKey(*scope, hop, tags);
  HopSeries resolved{};
  const HopSeries* series = impl_->hops.Find(impl_->key);
  if (series == nullptr) {
    if (!impl_->ResolveHop(*scope, hop, tags, resolved)) {
      for (size_t i = 0; i < kHopMetrics; ++i) {
        if (Has(hop, i)) impl_->PutOverflow(kHopMetricIds[i], values[i], at);
      }
      return;
    }
    if (impl_->hops.size() < impl_->options.series_max) impl_->hops.Insert(impl_->key, resolved);
    series = &resolved;
  }
  impl_->kinds[impl_->next_kind].Set(scope, hop, tags, impl_->UrlMatters(*scope, tags), *series);
  impl_->next_kind = (impl_->next_kind + 1) % kHopKinds;
  impl_->PutHop(*series, values, at);
}

std::vector<SeriesDelta> Recorder::TakeDelta() { return impl_->table.TakeDelta(); }
bool Recorder::logs_samples() const { return impl_->options.sample_log != nullptr; }
uint64_t Recorder::overflowed() const { return impl_->overflowed; }
size_t Recorder::series() const { return impl_->table.size(); }

}  // namespace kload::agent
