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
#include "common/k6/offline_host.h"
#include "common/k6/script.h"
#include "common/wire/bundle_wire.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

using Files = std::map<std::string, std::string>;

constexpr size_t kMemoryMax = size_t{1} << 30;

// console.* of handleSummary() is shown; that of the init code was shown when the run began.
class SummaryHost final : public k6::OfflineHost {
 public:
  void Log(k6::LogLevel level, std::string_view text, std::string_view source) override {
    if (!shown_) return;
    LogFrom(level == k6::LogLevel::kError     ? spdlog::level::err
            : level == k6::LogLevel::kWarning ? spdlog::level::warn
            : level == k6::LogLevel::kDebug   ? spdlog::level::debug
                                              : spdlog::level::info,
            source, text);
  }
  void Show() { shown_ = true; }

 private:
  bool shown_ = false;
};

absl::StatusOr<std::optional<Files>> Call(const SummaryScript& script, const std::string& data) {
  KLOAD_ASSIGN_OR_RETURN(const k6::Bundle bundle, wire::DecodeBundle(script.bundle));
  KLOAD_ASSIGN_OR_RETURN(auto compiled, k6::CompiledScript::Compile(bundle));
  SummaryHost host;
  k6::ScriptSettings settings;
  settings.env = script.env;
  settings.memory_limit_bytes = kMemoryMax;
  KLOAD_ASSIGN_OR_RETURN(const std::unique_ptr<k6::ScriptInstance> instance,
                         k6::ScriptInstance::Create(std::move(compiled), host, settings));
  host.Show();
  auto result = instance->CallHandleSummary(data, SystemClock().Now() + script.timeout);
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
                   const std::string& setup_json, bool prints, Screen& screen,
                   absl::Status& written) {
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
    } else if (absl::Status status = WriteFile("handleSummary()", path, content); !status.ok()) {
      if (written.ok()) written = std::move(status);
    }
  }
  return true;
}

}  // namespace kload::kctl
