#include "controller/script/inspect.h"

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/k6/offline_host.h"
#include "common/k6/script.h"

namespace kload::controller {
namespace {

// Init code needs a fraction of it; what asks for more would need it once per VU on the agents.
constexpr size_t kMemoryMax = size_t{256} << 20;

spdlog::level::level_enum ToSpdlog(k6::LogLevel level) {
  switch (level) {
    case k6::LogLevel::kDebug:
      return spdlog::level::debug;
    case k6::LogLevel::kInfo:
      return spdlog::level::info;
    case k6::LogLevel::kWarning:
      return spdlog::level::warn;
    case k6::LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

class InitHost final : public k6::OfflineHost {
 public:
  void Log(k6::LogLevel level, std::string_view text, std::string_view source) override {
    LogFrom(ToSpdlog(level), source, text);
  }
};

}  // namespace

absl::StatusOr<Inspection> InspectScript(const k6::Bundle& bundle,
                                         const std::map<std::string, std::string>& env) {
  KLOAD_ASSIGN_OR_RETURN(std::shared_ptr<const k6::CompiledScript> script,
                         k6::CompiledScript::Compile(bundle));
  Inspection inspection;
  InitHost host;
  k6::ScriptSettings settings;
  settings.env = std::make_shared<const std::map<std::string, std::string>>(env);
  settings.memory_limit_bytes = kMemoryMax;
  auto created = k6::ScriptInstance::Create(std::move(script), host, settings);
  if (host.aborted()) {
    return absl::AbortedError(host.aborted()->empty()
                                  ? "the script aborted the test in its init code"
                                  : "the script aborted the test: " + *host.aborted());
  }
  KLOAD_ASSIGN_OR_RETURN(std::unique_ptr<k6::ScriptInstance> instance, std::move(created));
  KLOAD_ASSIGN_OR_RETURN(inspection.options_json, instance->OptionsJson());
  inspection.metrics = host.metrics();
  inspection.functions = instance->ExportedFunctions();
  return inspection;
}

}  // namespace kload::controller
