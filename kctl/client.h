// The controller as kctl sees it: calls of the Control service, with every failure turned into a
// sentence that says which address was tried and what to do next.
//
// Thread: one Client belongs to one thread, which blocks in its calls.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "kctl/connection.h"
#include "kload/v1/control.pb.h"

namespace grpc {
class Channel;
}

namespace kload::kctl {

class Client {
 public:
  // Dials the controller and waits until it answers.
  // Errors: InvalidArgument for an address without a port, Unavailable when nothing answers within
  // `timeout`
  //         (at once when the connection is refused).
  static absl::StatusOr<std::unique_ptr<Client>> Dial(const Connection& connection, Nanos timeout);
  // Over a channel that needs no dialling. `where`: what errors call the other side.
  Client(std::shared_ptr<grpc::Channel> channel, std::string where);
  ~Client();

  // Asks every 100 ms whether to go on: `keep_on` returning false ends the call with Cancelled.
  using KeepOn = std::function<bool()>;

  absl::StatusOr<v1::StartRunResponse> StartRun(const v1::StartRunRequest& request,
                                                const KeepOn& keep_on);
  // Calls `on_event` for each event, on the calling thread, until the stream ends.
  // Errors: OK after the stream's regular end; NotFound for an unknown run; Unavailable when the
  // link broke (watching
  //         again replays the state); Cancelled. `samples`: raw samples as well, if the run was
  // started with them.
  absl::Status Watch(const std::string& run_id, bool samples,
                     const std::function<void(const v1::RunEvent&)>& on_event,
                     const KeepOn& keep_on);
  // The controller's word about it. Errors: NotFound, FailedPrecondition (has ended), Unavailable.
  absl::StatusOr<std::string> StopRun(const std::string& run_id, bool graceful);
  // Likewise. Errors: also InvalidArgument for what the run's plan does not allow.
  absl::StatusOr<std::string> ScaleRun(const v1::ScaleRunRequest& request);
  absl::StatusOr<v1::ListAgentsResponse> ListAgents();
  absl::StatusOr<v1::ListRunsResponse> ListRuns();
  // Of a run, or of a baseline by @NAME. Errors: NotFound.
  absl::StatusOr<v1::GetRunResponse> GetRun(const std::string& run_id);
  // An empty id ends the baseline. Errors: NotFound, InvalidArgument.
  absl::Status SetBaseline(const std::string& name, const std::string& run_id);
  absl::StatusOr<v1::ListBaselinesResponse> ListBaselines();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::kctl
