// The outputs of one run that write raw samples.
//
// Data path: RunEvents of the controller -> OutputSet -> SampleOutputs.
// Thread:    the one that follows the run.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kctl/output/out_plan.h"
#include "kctl/output/sample_output.h"
#include "kctl/output/text_file.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

class OutputSet {
 public:
  // Opens all files, before anything is sent. `print` writes to stdout.
  // Errors: Unavailable naming the file that cannot be written.
  static absl::StatusOr<std::unique_ptr<OutputSet>> Open(const OutPlan& plan,
                                                         const TextFile::Print& print);

  bool empty() const { return outputs_.empty(); }
  // States tell of the run, samples are written, the rest is ignored.
  void OnEvent(const v1::RunEvent& event);
  // Flushes what is due; call about every 100 ms. `now` is steady time.
  void OnTick(Nanos now);
  // Writes what is left and ends the files. `samples_made`: as the run's result says; nothing: there is none.
  // Errors: Unavailable naming a file that is not complete.
  absl::Status Finish(std::optional<uint64_t> samples_made);
  // What users have to know of a run that is over; valid after Finish().
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Each {
    std::unique_ptr<SampleOutput> output;
    Nanos flushed{0};
  };

  void Begin(const v1::RunState& state);

  std::vector<Each> outputs_;
  bool begun_ = false;
  uint64_t written_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace kload::kctl
