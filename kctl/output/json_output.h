// `--out json`: a line of JSON for each metric when it first has a sample, and one for each sample, as k6 writes them.
//
//   {"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default","thresholds":[],
//    "submetrics":null},"metric":"http_reqs"}
//   {"metric":"http_reqs","type":"Point","data":{"time":"2026-08-01T10:00:00.123456789Z","value":1,"tags":{...}}}
//
// Thread: see SampleOutput.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "kctl/output/sample_output.h"
#include "kctl/output/text_file.h"
#include "kctl/output/time_text.h"

namespace kload::kctl {

class JsonOutput final : public SampleOutput {
 public:
  explicit JsonOutput(std::unique_ptr<TextFile> file) : file_(std::move(file)) {}

  void Begin(const OutputFacts& facts) override { facts_ = facts; }
  void Add(const SampleBatch& batch) override;
  Nanos interval() const override { return std::chrono::milliseconds(200); }
  void Flush() override { file_->Flush(); }
  absl::Status Finish() override { return file_->Finish(); }

 private:
  std::string MetricLine(const MetricDef& metric) const;

  const std::unique_ptr<TextFile> file_;
  OutputFacts facts_;
  TimeText time_{TimeFormat::kRfc3339Nano};
  std::set<std::string> seen_;  // metrics that have their line
};

}  // namespace kload::kctl
