// `--out csv`: a line for each sample, in k6's columns: metric_name, timestamp, metric_value (6 decimals), the enabled
// system tags by name, extra_tags (a=b&c=d), metadata (the same).
//
// Thread: see SampleOutput.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kctl/output/sample_output.h"
#include "kctl/output/text_file.h"
#include "kctl/output/time_text.h"

namespace kload::kctl {

class CsvOutput final : public SampleOutput {
 public:
  CsvOutput(std::unique_ptr<TextFile> file, TimeFormat format, Nanos interval)
      : file_(std::move(file)), interval_(interval), time_(format) {}

  void Begin(const OutputFacts& facts) override;
  void Add(const SampleBatch& batch) override;
  Nanos interval() const override { return interval_; }
  void Flush() override { file_->Flush(); }
  absl::Status Finish() override { return file_->Finish(); }

 private:
  std::string TagsText(const Tags& tags) const;

  const std::unique_ptr<TextFile> file_;
  const Nanos interval_;
  TimeText time_;
  std::vector<std::string> columns_;  // system tags
};

// The field as CSV has it: in quotes where it must be.
std::string CsvField(const std::string& text);

}  // namespace kload::kctl
