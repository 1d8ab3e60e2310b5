// A run's deltas in a file of checksummed frames; README.md has the format.
//
// Thread: one.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/metric/delta.h"
#include "kload/v1/spool.pb.h"

namespace kload {

class SpoolWriter {
 public:
  // Makes FOLDER/RUN.AGENT-INCARNATION.spool, and the folder if need be; readable by its owner alone. Errors: Unavailable,
  // naming the file.
  static absl::StatusOr<std::unique_ptr<SpoolWriter>> Create(const std::string& folder,
                                                             const v1::SpoolHeader& header);
  ~SpoolWriter();
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  // Errors: Unavailable (disk full ...); the file then ends before this delta.
  absl::Status Add(const Delta& delta);
  // The controller has it all.
  void Remove();
  const std::string& path() const { return path_; }

 private:
  SpoolWriter(std::string path, int file) : path_(std::move(path)), file_(file) {}
  absl::Status Write(const std::string& bytes);

  const std::string path_;
  const int file_;
  uint64_t whole_ = 0;  // bytes of whole frames
  uint64_t deltas_ = 0;
};

struct Spool {
  std::string path;
  v1::SpoolHeader header;
  std::vector<Delta> deltas;  // in the order in which they were made
  // What is wrong with the rest of the file; empty: it was read to its end.
  std::string damage;
};

// Errors: NotFound; DataLoss when not even the header can be read.
absl::StatusOr<Spool> ReadSpool(const std::string& path);

}  // namespace kload
