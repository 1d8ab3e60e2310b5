// The gRPC service that kctl calls: kload.v1.Control.
//
// Data path: kctl -> admission (a thread of its own) -> core; core -> WatchStream -> kctl.
// Thread:    gRPC's post to the core thread and return; scripts are inspected on one thread that does nothing else, so
//            that a slow script delays other starts, but neither agents nor followers.
// Bound:     kAdmissionsMax starts wait for that thread; more are refused.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <string>

#include "controller/access/access.h"
#include "controller/core/core_thread.h"
#include "kload/v1/control.grpc.pb.h"

namespace kload::controller {

class ControlService final : public v1::Control::CallbackService {
 public:
  static constexpr int kAdmissionsMax = 16;

  // `scenarios_dir`: library of scripts, empty: none. `env`: what runs find in __ENV unless the request says otherwise.
  // `core` and `access` must outlive the service, and the server must be shut down before the core thread is joined.
  // `bundle_bytes_max`: of a script with its files; larger ones are refused.
  ControlService(CoreThread& core, std::string scenarios_dir,
                 std::map<std::string, std::string> env, const Access& access,
                 size_t bundle_bytes_max);
  ~ControlService() override;

  // Viewers may watch, list and get, operators do the rest.
  grpc::ServerUnaryReactor* StartRun(grpc::CallbackServerContext* context,
                                     const v1::StartRunRequest* request,
                                     v1::StartRunResponse* response) override;
  grpc::ServerWriteReactor<v1::RunEvent>* WatchRun(grpc::CallbackServerContext* context,
                                                   const v1::WatchRunRequest* request) override;
  grpc::ServerUnaryReactor* ScaleRun(grpc::CallbackServerContext* context,
                                     const v1::ScaleRunRequest* request,
                                     v1::ScaleRunResponse* response) override;
  grpc::ServerUnaryReactor* StopRun(grpc::CallbackServerContext* context,
                                    const v1::StopRunRequest* request,
                                    v1::StopRunResponse* response) override;
  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context,
                                       const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const v1::GetRunRequest* request,
                                   v1::GetRunResponse* response) override;
  grpc::ServerUnaryReactor* SetBaseline(grpc::CallbackServerContext* context,
                                        const v1::SetBaselineRequest* request,
                                        v1::SetBaselineResponse* response) override;
  grpc::ServerUnaryReactor* ListBaselines(grpc::CallbackServerContext* context,
                                          const v1::ListBaselinesRequest* request,
                                          v1::ListBaselinesResponse* response) override;

 private:
  bool LetIn(const grpc::ServerContextBase& context, Role needed,
             grpc::ServerUnaryReactor& reactor) const;

  CoreThread& core_;
  const std::string scenarios_dir_;
  const std::map<std::string, std::string> env_;
  const Access& access_;
  const size_t bundle_bytes_max_;
  std::atomic<int> admissions_waiting_{0};  // counted on gRPC's threads and on the admission's
  boost::asio::thread_pool admissions_{1};
};

}  // namespace kload::controller
