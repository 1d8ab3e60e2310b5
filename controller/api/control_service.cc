#include "controller/api/control_service.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include "common/base/status.h"
#include "controller/access/refused_call.h"
#include "controller/api/watch_stream.h"
#include "controller/run/admission.h"

namespace kload::controller {
namespace {

constexpr int kExitOther = 255;

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Message(status));
}

void SetFailure(const RunFailure& failure, v1::StartRunResponse& response) {
  response.mutable_failure()->set_exit_code(failure.exit_code);
  response.mutable_failure()->set_message(failure.message);
}

// With exceptions of packages turned into a failure: this is a thread's entry.
std::variant<AdmittedRun, RunFailure> Admit(const v1::StartRunRequest& request,
                                            const std::string& scenarios_dir) {
  try {
    return AdmitRun(request, scenarios_dir);
  } catch (const std::exception& error) {
    return RunFailure{kExitOther,
                      fmt::format("the script could not be examined: {}", error.what())};
  }
}

// What kctl needs to call handleSummary() by itself.
void SetHandleSummary(const AdmittedRun& admitted, bool knows_script,
                      v1::StartRunResponse& response) {
  if (!admitted.handles_summary) return;
  response.set_handles_summary(true);
  response.set_handle_summary_timeout_ns(admitted.spec.plan.options.handle_summary_timeout.count());
  if (!knows_script) *response.mutable_bundle() = admitted.order.bundle();
}

// Answers the call on the core thread, once the core has begun the run.
void StartOn(Core& core, AdmittedRun admitted, const grpc::CallbackServerContext& context,
             v1::StartRunResponse& response) {
  // Who asked has gone meanwhile: nobody would follow the run or stop it.
  if (context.IsCancelled()) return;
  if (core.shutting_down()) {
    return SetFailure({kExitOther, "the controller is being shut down"}, response);
  }
  const absl::StatusOr<std::string> id = core.runs().Start(std::move(admitted));
  if (id.ok()) {
    response.set_run_id(*id);
  } else {
    SetFailure({kExitOther, Message(id.status())}, response);
  }
}

}  // namespace

ControlService::ControlService(CoreThread& core, std::string scenarios_dir,
                               std::map<std::string, std::string> env, const Access& access,
                               size_t bundle_bytes_max)
    : core_(core),
      scenarios_dir_(std::move(scenarios_dir)),
      env_(std::move(env)),
      access_(access),
      bundle_bytes_max_(bundle_bytes_max) {}

ControlService::~ControlService() { admissions_.join(); }

// Finishes the call when not.
bool ControlService::LetIn(const grpc::ServerContextBase& context, Role needed,
                           grpc::ServerUnaryReactor& reactor) const {
  const grpc::Status status = access_.Check(context, needed);
  if (!status.ok()) reactor.Finish(status);
  return status.ok();
}

// Request and response belong to gRPC until Finish(), which every path below comes to.
grpc::ServerUnaryReactor* ControlService::StartRun(grpc::CallbackServerContext* context,
                                                   const v1::StartRunRequest* request,
                                                   v1::StartRunResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kOperator, *reactor)) return reactor;
  if (const size_t bytes = request->bundle().ByteSizeLong(); bytes > bundle_bytes_max_) {
    SetFailure({kExitOther, fmt::format("the script and its files are {} MB, this controller takes "
                                        "{} MB (kload-controller --max-bundle)",
                                        (bytes >> 20) + 1, bundle_bytes_max_ >> 20)},
               *response);
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  if (++admissions_waiting_ > kAdmissionsMax) {
    --admissions_waiting_;
    reactor->Finish(grpc::Status(
        grpc::StatusCode::RESOURCE_EXHAUSTED,
        fmt::format("{} runs are being started already; try again in a moment", kAdmissionsMax)));
    return reactor;
  }
  boost::asio::post(admissions_, [this, context, request, response, reactor] {
    v1::StartRunRequest complete = *request;
    // insert() leaves alone what the request has.
    for (const auto& [name, value] : env_) complete.mutable_env()->insert({name, value});
    std::variant<AdmittedRun, RunFailure> admitted = Admit(complete, scenarios_dir_);
    --admissions_waiting_;
    if (const auto* failure = std::get_if<RunFailure>(&admitted)) {
      SetFailure(*failure, *response);
      return reactor->Finish(grpc::Status::OK);
    }
    SetHandleSummary(std::get<AdmittedRun>(admitted), complete.has_bundle(), *response);
    core_.Post([context, response, reactor,
                run = std::get<AdmittedRun>(std::move(admitted))](Core& core) mutable {
      StartOn(core, std::move(run), *context, *response);
      reactor->Finish(grpc::Status::OK);
    });
  });
  return reactor;
}

grpc::ServerWriteReactor<v1::RunEvent>* ControlService::WatchRun(
    grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) {
  if (const grpc::Status refused = access_.Check(*context, Role::kViewer); !refused.ok()) {
    return new RefusedCall<grpc::ServerWriteReactor<v1::RunEvent>>(refused);
  }
  auto stream = std::make_shared<WatchStream>(core_, request->run_id(), request->samples());
  WatchStream* const reactor = stream.get();
  reactor->Begin(std::move(stream));
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::ScaleRun(grpc::CallbackServerContext* context,
                                                   const v1::ScaleRunRequest* request,
                                                   v1::ScaleRunResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kOperator, *reactor)) return reactor;
  core_.Post([request, response, reactor](Core& core) {
    ScaleOrder order{
        .scenario = request->scenario(), .vus = {}, .rate = {}, .agents = request->agents()};
    if (request->has_vus()) order.vus = request->vus();
    if (request->has_rate()) order.rate = request->rate();
    const absl::StatusOr<std::string> said = core.runs().Scale(request->run_id(), order);
    if (said.ok()) response->set_message(*said);
    reactor->Finish(ToGrpc(said.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::StopRun(grpc::CallbackServerContext* context,
                                                  const v1::StopRunRequest* request,
                                                  v1::StopRunResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kOperator, *reactor)) return reactor;
  core_.Post([request, response, reactor](Core& core) {
    const absl::StatusOr<std::string> said =
        core.runs().Stop(request->run_id(), request->graceful());
    if (said.ok()) response->set_message(*said);
    reactor->Finish(ToGrpc(said.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::ListAgents(grpc::CallbackServerContext* context,
                                                     const v1::ListAgentsRequest*,
                                                     v1::ListAgentsResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kViewer, *reactor)) return reactor;
  core_.Post([response, reactor](Core& core) {
    *response = core.ListAgents();
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::ListRuns(grpc::CallbackServerContext* context,
                                                   const v1::ListRunsRequest*,
                                                   v1::ListRunsResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kViewer, *reactor)) return reactor;
  core_.Post([response, reactor](Core& core) {
    absl::StatusOr<v1::ListRunsResponse> runs = core.runs().List();
    if (runs.ok()) *response = *std::move(runs);
    reactor->Finish(ToGrpc(runs.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::GetRun(grpc::CallbackServerContext* context,
                                                 const v1::GetRunRequest* request,
                                                 v1::GetRunResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kViewer, *reactor)) return reactor;
  core_.Post([request, response, reactor](Core& core) {
    absl::StatusOr<v1::GetRunResponse> run = core.runs().Get(request->run_id());
    if (run.ok()) *response = *std::move(run);
    reactor->Finish(ToGrpc(run.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::SetBaseline(grpc::CallbackServerContext* context,
                                                      const v1::SetBaselineRequest* request,
                                                      v1::SetBaselineResponse*) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kOperator, *reactor)) return reactor;
  core_.Post([request, reactor](Core& core) {
    reactor->Finish(ToGrpc(core.runs().SetBaseline(request->name(), request->run_id())));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::ListBaselines(grpc::CallbackServerContext* context,
                                                        const v1::ListBaselinesRequest*,
                                                        v1::ListBaselinesResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!LetIn(*context, Role::kViewer, *reactor)) return reactor;
  core_.Post([response, reactor](Core& core) {
    absl::StatusOr<v1::ListBaselinesResponse> baselines = core.runs().Baselines();
    if (baselines.ok()) *response = *std::move(baselines);
    reactor->Finish(ToGrpc(baselines.status()));
  });
  return reactor;
}

}  // namespace kload::controller
