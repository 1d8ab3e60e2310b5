#include "controller/journal/recorded_run.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>
#include <variant>

#include "common/base/status.h"
#include "kload/v1/record.pb.h"

namespace kload::controller {
namespace {

// Empty where the system does not tell.
std::string BootId() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace

std::string EncodeRun(const AdmittedRun& admitted, Nanos now, Nanos unix_now) {
  v1::RecordedRun message;
  *message.mutable_request() = admitted.request;
  message.set_had_secrets(message.request().secret_sources_size() > 0);
  message.mutable_request()->clear_secret_sources();
  message.set_run_id(admitted.spec.id);
  message.set_created_unix_ns(admitted.spec.created_unix.count());
  message.set_boot_id(BootId());
  message.set_steady_ns(now.count());
  message.set_unix_ns(unix_now.count());
  return message.SerializeAsString();
}

absl::StatusOr<RecordedRun> DecodeRun(const std::string& bytes, Nanos now, Nanos unix_now) {
  v1::RecordedRun message;
  if (!message.ParseFromString(bytes) || message.run_id().empty()) {
    return absl::DataLossError("its record cannot be read");
  }
  std::variant<AdmittedRun, RunFailure> admitted = AdmitRun(message.request(), "");
  if (const auto* failure = std::get_if<RunFailure>(&admitted)) {
    return absl::FailedPreconditionError(failure->message);
  }
  RecordedRun run{std::get<AdmittedRun>(std::move(admitted))};
  run.admitted.spec.id = message.run_id();
  run.admitted.spec.created_unix = Nanos(message.created_unix_ns());
  run.admitted.warnings.clear();  // said when it began
  const bool same_boot = !message.boot_id().empty() && message.boot_id() == BootId();
  if (!same_boot) {
    const Nanos then_by_wall = now - (unix_now - Nanos(message.unix_ns()));
    run.shift = then_by_wall - Nanos(message.steady_ns());
  }
  run.admitted.secrets_lost = message.had_secrets();
  if (message.had_secrets()) {
    run.admitted.warnings.push_back(
        "the run's secrets are not recorded: agents that join it from now on have none");
  }
  return run;
}

}  // namespace kload::controller
