#include "kctl/handle_summary.h"

#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "common/base/duration.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/k6/script.h"
#include "common/wire/bundle_wire.h"
#include "kctl/summary_host.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

using Files = std::map<std::string, std::string>;

constexpr size_t kMemoryMax = size_t{1} << 30;

absl::StatusOr<std::optional<Files>> Call(const SummaryScript& script, const std::string& data) {
  KLOAD_ASSIGN_OR_RETURN(const k6::Bundle bundle, wire::DecodeBundle(script.bundle));
  KLOAD_ASSIGN_OR_RETURN(auto compiled, k6::CompiledScript::Compile(bundle));
  const Nanos deadline = SystemClock().Now() + script.timeout;
  SummaryHost host({.user_agent = script.user_agent,
                    .insecure_skip_tls_verify = script.insecure_skip_tls_verify},
                   deadline);
  k6::ScriptSettings settings;
  settings.env = std::make_shared<const std::map<std::string, std::string>>(script.env);
  settings.memory_limit_bytes = kMemoryMax;
  KLOAD_ASSIGN_OR_RETURN(const std::unique_ptr<k6::ScriptInstance> instance,
                         k6::ScriptInstance::Create(std::move(compiled), host, settings));
  host.Show();
  auto result = instance->CallHandleSummary(data, deadline);
  const k6::Outcome& outcome = result.outcome;
  switch (outcome.kind) {
    case k6::Outcome::Kind::kOk:
      return std::move(result.files);
    case k6::Outcome::Kind::kTimedOut:
      return absl::DeadlineExceededError(
          fmt::format("it did not end within {}; raise `handleSummaryTimeout` if it needs longer",
                      FormatDuration(script.timeout)));
    default:
      return absl::InvalidArgumentError(
          outcome.stack.empty() ? outcome.message
                                : fmt::format("{}\n{}", outcome.message, outcome.stack));
  }
}

}  // namespace

bool HandleSummary(const SummaryScript& script, const RunSummary& summary,
                   const std::string& setup_json, bool prints, Screen& screen) {
  const std::string data =
      HandleSummaryJson(summary, {.no_color = script.no_color,
                                  .stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
                                  .stderr_is_terminal = isatty(STDERR_FILENO) == 1,
                                  .setup_json = setup_json});
  const absl::StatusOr<std::optional<Files>> files = Call(script, data);
  if (!files.ok()) {
    spdlog::error("handleSummary() failed, the usual summary follows: {}", Message(files.status()));
    return false;
  }
  if (!files->has_value()) return false;
  for (const auto& [path, content] : **files) {
    if (path == "stdout") {
      if (prints) screen.Print(content);
    } else if (path == "stderr") {
      std::fwrite(content.data(), 1, content.size(), stderr);
    } else if (const absl::Status status = WriteFile("handleSummary()", path, content);
               !status.ok()) {
      spdlog::error("{}", Message(status));  // as k6 does: the run's exit code is another matter
    }
  }
  return true;
}

}  // namespace kload::kctl
