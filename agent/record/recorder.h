// One worker's table of series: samples in, one delta a second out.
//
// Thread: one worker's. In steady state adding a sample allocates nothing.
// Bound:  at most `series_max` series; a sample that would make another goes into its metric's
//         overflow series, tagged {kload_overflow: "true"}, and is counted in overflowed().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/metric/delta.h"
#include "common/metric/metric.h"

namespace kload::agent {

// Sees every raw sample as it is recorded: metric, value at the script edge, full tags, run time. Costs nothing where
// it is empty.
using SampleLog = std::function<void(const MetricDef&, double, const Tags&, Nanos at)>;

class Recorder {
 public:
  struct Options {
    size_t series_max = 20'000;
    std::vector<std::string> system_tags;  // enabled ones
    // See RunOptions; `url`, `vu` and `iter` are off series unless listed here (and enabled).
    std::vector<std::string> series_tags;
    SampleLog sample_log;  // may be empty
  };
  // `metrics` is borrowed for the recorder's life and may grow meanwhile.
  Recorder(const MetricTable& metrics, Options options);
  ~Recorder();

  // A set of tags that samples are recorded under: scenario and run tags, VU tags and the group.
  // Interned: hold on to the pointer. Scopes are kept for the recorder's life; beyond series_max of
  // them all others share one, whose samples overflow.
  struct Scope;
  const Scope* InternScope(Tags tags);

  // `tags` come on top of the scope's. `at` is run time. A value that is not finite is
  // ignored: the k6 module has refused it with a warning.
  void Add(const Scope* scope, MetricId metric, double value, const Tags& tags, Nanos at);
  // The nine http_req... metrics of one hop, with k6's system tags; `name` is tags' name or the
  // url. http_reqs_interrupted instead of all of them for an interrupted hop.
  void AddHop(const Scope* scope, const http::Hop& hop, const Tags& tags, Nanos at);
  void AddCheck(const Scope* scope, std::string_view name, bool passed, const Tags& tags, Nanos at);

  // The series that changed since the last call, their sinks emptied.
  std::vector<SeriesDelta> TakeDelta();
  // Whether somebody sees raw samples: then tags count that are on no series.
  bool logs_samples() const;
  uint64_t overflowed() const;
  size_t series() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
