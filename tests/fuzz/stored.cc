// What is on disk: records of runs, inputs, spools, plans and summaries. The first byte says which.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/spool/spool.h"
#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"
#include "controller/journal/input_codec.h"
#include "controller/journal/recorded_run.h"
#include "controller/run/recover.h"
#include "tests/fuzz/target.h"

namespace {

void AsSpool(std::string_view bytes) {
  const int file = memfd_create("spool", 0);
  const bool whole =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  const auto spool = kload::ReadSpool(fmt::format("/proc/self/fd/{}", file));
  if (whole && spool.ok()) (void)kload::controller::RecoverRun({*spool});
  ::close(file);
}

}  // namespace

KLOAD_FUZZ(bytes) {
  using namespace kload;
  if (bytes.empty()) return;
  const char which = bytes[0];
  bytes.remove_prefix(1);
  const std::string text(bytes);
  switch (which % 4) {
    case 0:
      return AsSpool(bytes);
    case 1:
      if (const auto input = controller::DecodeInput(text); input.ok()) {
        (void)controller::EncodeInput(input->input, input->at);
      }
      return;
    case 2: {
      v1::Plan plan;
      if (!plan.ParseFromString(text)) return;
      if (const auto decoded = wire::DecodePlan(plan); decoded.ok()) {
        (void)TotalVus(*decoded);
        (void)MaxDuration(*decoded);
      }
      return;
    }
    default: {
      v1::RunSummary summary;
      if (!summary.ParseFromString(text)) return;
      if (const auto decoded = wire::DecodeSummary(summary); decoded.ok()) {
        (void)RenderSummary(*decoded, SummaryMode::kFull, true);
        (void)SummaryExportJson(*decoded);
      }
    }
  }
}
