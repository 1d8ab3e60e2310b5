#include "kctl/output/output_set.h"

#include <fmt/format.h>

#include <utility>

#include "common/base/status.h"
#include "common/wire/sample_wire.h"
#include "kctl/output/csv_output.h"
#include "kctl/output/json_output.h"

namespace kload::kctl {

absl::StatusOr<std::unique_ptr<OutputSet>> OutputSet::Open(const OutPlan& plan,
                                                           const TextFile::Print& print) {
  auto set = std::make_unique<OutputSet>();
  for (const FileOut& each : plan.files) {
    KLOAD_ASSIGN_OR_RETURN(std::unique_ptr<TextFile> file, TextFile::Open(each.path, print));
    std::unique_ptr<SampleOutput> output;
    if (each.kind == FileOut::Kind::kJson) {
      output = std::make_unique<JsonOutput>(std::move(file));
    } else {
      output = std::make_unique<CsvOutput>(std::move(file), plan.csv_time, plan.csv_interval);
    }
    set->outputs_.push_back({std::move(output)});
  }
  return set;
}

void OutputSet::Begin(const v1::RunState& state) {
  if (std::exchange(begun_, true)) return;
  OutputFacts facts;
  const auto& system_tags = state.plan().options().system_tags();
  facts.system_tags.assign(system_tags.begin(), system_tags.end());
  for (const v1::ThresholdText& threshold : state.thresholds()) {
    facts.thresholds.push_back(
        {.selector = threshold.selector(), .expression = threshold.expression()});
  }
  for (Each& each : outputs_) each.output->Begin(facts);
}

void OutputSet::OnEvent(const v1::RunEvent& event) {
  if (event.has_state() && event.state().has_plan()) return Begin(event.state());
  if (!event.has_samples() || !begun_) return;
  const absl::StatusOr<SampleBatch> batch = wire::DecodeSamples(event.samples());
  if (!batch.ok()) {
    warnings_.push_back(fmt::format("raw samples could not be read: {}", Message(batch.status())));
    return;
  }
  for (Each& each : outputs_) each.output->Add(*batch);
  written_ += batch->points.size();
}

void OutputSet::OnTick(Nanos now) {
  for (Each& each : outputs_) {
    if (now - each.flushed < each.output->interval()) continue;
    each.flushed = now;
    each.output->Flush();
  }
}

absl::Status OutputSet::Finish(std::optional<uint64_t> samples_made) {
  absl::Status first;
  for (Each& each : outputs_) {
    const absl::Status finished = each.output->Finish();
    if (first.ok()) first = finished;
  }
  if (!outputs_.empty() && samples_made && written_ < *samples_made) {
    warnings_.push_back(
        fmt::format("{} of {} raw samples are missing in --out: they came faster than they could "
                    "be sent and written; the summary counts them all",
                    *samples_made - written_, *samples_made));
  }
  return first;
}

}  // namespace kload::kctl
