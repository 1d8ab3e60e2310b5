// Test-only: every raw sample as a line of JSON,
// {"metric":"http_reqs","value":1,"tags":{"name":"..."}}.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "common/metric/delta.h"
#include "common/metric/metric.h"

namespace kload::agent {

// Thread: one. Several may append to one file: each write holds whole lines.
class SampleFile {
 public:
  // Errors: PermissionDenied or the like when the file cannot be opened for appending.
  static absl::StatusOr<std::unique_ptr<SampleFile>> Open(const std::string& path);
  ~SampleFile();
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;

  void Add(const MetricDef& metric, double value, const Tags& tags);
  // Writes what was added.
  void Flush();

 private:
  explicit SampleFile(int file) : file_(file) {}
  const int file_;
  std::string lines_;
};

}  // namespace kload::agent
