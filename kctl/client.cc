#include "kctl/client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "kload/v1/control.grpc.pb.h"

namespace kload::kctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kAsk = milliseconds(100);    // how often `keep_on` is asked
constexpr auto kCallTimeout = seconds(10);  // of calls that only read or signal
constexpr int kMessageBytesMax =
    64 * 1024 * 1024;  // summaries of many series, bundles with data files
constexpr size_t kEventsQueuedMax =
    10'000;  // the reader waits then, and gRPC slows the sender down
constexpr size_t kSamplesQueuedMax = 1'000'000;  // likewise
// For another attempt to connect, which gRPC makes after 0.2 s: the first one may fail for a reason of the moment, such as a
// controller that is being started again.
constexpr Nanos kSecondTryTime = std::chrono::milliseconds(500);

std::chrono::system_clock::time_point In(std::chrono::nanoseconds timeout) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout);
}

std::string HowToStart(const std::string& address) {
  return fmt::format(
      "is kload-controller running? start one with `kload-controller --listen {}`, name another "
      "with --controller HOST:PORT, or use `kctl run` which needs none. If it has certificates, "
      "name "
      "them by --certs DIR or KCTL_CERTS",
      address);
}

absl::Status ToAbsl(const grpc::Status& status, const std::string& where) {
  if (status.ok()) return absl::OkStatus();
  const std::string& text = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return absl::UnavailableError(fmt::format("lost the controller at {}: {}", where, text));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError(
          fmt::format("the controller at {} did not answer in time; see its log", where));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(fmt::format(
          "what listens at {} is no kload-controller of this version: {}", where, text));
    default:
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()), text);
  }
}

// Hands events from the thread that reads a stream to the one that shows them.
class EventQueue {
 public:
  // Blocks while the queue is full; false: nobody wants more.
  bool Push(v1::RunEvent event) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return (events_.size() < kEventsQueuedMax && samples_ < kSamplesQueuedMax) || closed_;
    });
    if (closed_) return false;
    samples_ += static_cast<size_t>(event.samples().value_size());
    events_.push_back(std::move(event));
    changed_.notify_all();
    return true;
  }
  // No event comes after this.
  void End() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  // The taker is gone.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Takes what there is, waiting at most `timeout` for the first; false when nothing can come any
  // more.
  bool Take(std::chrono::milliseconds timeout, std::deque<v1::RunEvent>& into) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return !events_.empty() || ended_; });
    into = std::exchange(events_, {});
    samples_ = 0;
    changed_.notify_all();
    return !into.empty() || !ended_;
  }

 private:
  std::mutex mutex_;  // guards all below; two threads, a few events a second
  std::condition_variable changed_;
  std::deque<v1::RunEvent> events_;
  size_t samples_ = 0;  // in the events
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace

struct Client::Impl {
  std::shared_ptr<grpc::Channel> channel;
  std::string where;
  std::unique_ptr<v1::Control::Stub> stub;
  std::string token;  // empty: none

  // Says who calls; every call begins with it.
  void Sign(grpc::ClientContext& context) const {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::Control::Stub::*method)(grpc::ClientContext*,
                                                                          const Request&,
                                                                          Response*),
                                const Request& request) {
    grpc::ClientContext context;
    Sign(context);
    context.set_deadline(In(kCallTimeout));
    Response response;
    const absl::Status status = ToAbsl((stub.get()->*method)(&context, request, &response), where);
    if (!status.ok()) return status;
    return response;
  }
};

Client::Client(std::shared_ptr<grpc::Channel> channel, std::string where)
    : impl_(std::make_unique<Impl>()) {
  impl_->stub = v1::Control::NewStub(channel);
  impl_->channel = std::move(channel);
  impl_->where = std::move(where);
}

Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Dial(const Connection& connection, Nanos timeout) {
  const std::string& address = connection.address;
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(
        fmt::format("--controller: \"{}\" is not HOST:PORT such as 127.0.0.1:7070", address));
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy for web pages is none for a cluster
  // A controller that was started again is to be found soon; gRPC's own pauses grow to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  auto credentials = grpc::InsecureChannelCredentials();
  if (!connection.ca.empty()) {
    credentials = grpc::SslCredentials({.pem_root_certs = connection.ca,
                                        .pem_private_key = connection.key,
                                        .pem_cert_chain = connection.certificate});
  }
  auto channel = grpc::CreateCustomChannel(address, credentials, arguments);
  auto deadline = In(timeout);
  bool failed = false;
  for (auto state = channel->GetState(true); state != GRPC_CHANNEL_READY;
       state = channel->GetState(true)) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE && !failed) {
      failed = true;
      deadline = std::min(deadline, In(kSecondTryTime));
    }
    if (channel->WaitForStateChange(state, deadline)) continue;
    if (failed) {
      return absl::UnavailableError(fmt::format("no controller {}at {}: {}",
                                                connection.ca.empty() ? "" : "with TLS ", address,
                                                HowToStart(address)));
    }
    return absl::UnavailableError(fmt::format("no answer from {} within {} s: {}", address,
                                              std::chrono::duration_cast<seconds>(timeout).count(),
                                              HowToStart(address)));
  }
  auto client = std::make_unique<Client>(std::move(channel), address);
  client->impl_->token = connection.token;
  return client;
}

absl::StatusOr<v1::StartRunResponse> Client::StartRun(const v1::StartRunRequest& request,
                                                      const KeepOn& keep_on) {
  // The wait for agents may be part of the call; compiling a script takes seconds at most.
  grpc::ClientContext context;
  impl_->Sign(context);
  context.set_deadline(In(Nanos(request.agents_timeout_ns()) + std::chrono::minutes(2)));
  v1::StartRunResponse response;
  grpc::Status status;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread call([&] {
    const grpc::Status ended = impl_->stub->StartRun(&context, request, &response);
    const std::lock_guard lock(mutex);
    status = ended;
    done = true;
    changed.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, kAsk, [&] { return done; })) {
      if (!keep_on()) context.TryCancel();
    }
  }
  call.join();
  const absl::Status result = ToAbsl(status, impl_->where);
  if (!result.ok()) return result;
  return response;
}

absl::Status Client::Watch(const std::string& run_id, bool samples,
                           const std::function<void(const v1::RunEvent&)>& on_event,
                           const KeepOn& keep_on) {
  v1::WatchRunRequest request;
  request.set_run_id(run_id);
  request.set_samples(samples);
  grpc::ClientContext context;
  impl_->Sign(context);
  const auto stream = impl_->stub->WatchRun(&context, request);
  EventQueue queue;
  std::thread reader([&] {
    v1::RunEvent event;
    while (stream->Read(&event) && queue.Push(std::move(event))) event.Clear();
    queue.End();
  });
  std::deque<v1::RunEvent> events;
  bool cancelled = false;
  while (queue.Take(kAsk, events)) {
    for (const v1::RunEvent& event : events) on_event(event);
    if (!cancelled && !keep_on()) {
      cancelled = true;
      context.TryCancel();
      queue.Close();
    }
  }
  reader.join();
  return ToAbsl(stream->Finish(), impl_->where);
}

absl::StatusOr<std::string> Client::StopRun(const std::string& run_id, bool graceful) {
  v1::StopRunRequest request;
  request.set_run_id(run_id);
  request.set_graceful(graceful);
  absl::StatusOr<v1::StopRunResponse> response = impl_->Call(&v1::Control::Stub::StopRun, request);
  if (!response.ok()) return response.status();
  return response->message();
}

absl::StatusOr<std::string> Client::ScaleRun(const v1::ScaleRunRequest& request) {
  absl::StatusOr<v1::ScaleRunResponse> response =
      impl_->Call(&v1::Control::Stub::ScaleRun, request);
  if (!response.ok()) return response.status();
  return response->message();
}

absl::StatusOr<v1::ListAgentsResponse> Client::ListAgents() {
  return impl_->Call(&v1::Control::Stub::ListAgents, v1::ListAgentsRequest());
}

absl::StatusOr<v1::ListRunsResponse> Client::ListRuns() {
  return impl_->Call(&v1::Control::Stub::ListRuns, v1::ListRunsRequest());
}

absl::StatusOr<v1::GetRunResponse> Client::GetRun(const std::string& run_id) {
  v1::GetRunRequest request;
  request.set_run_id(run_id);
  return impl_->Call(&v1::Control::Stub::GetRun, request);
}

absl::Status Client::SetBaseline(const std::string& name, const std::string& run_id) {
  v1::SetBaselineRequest request;
  request.set_name(name);
  request.set_run_id(run_id);
  return impl_->Call(&v1::Control::Stub::SetBaseline, request).status();
}

absl::StatusOr<v1::ListBaselinesResponse> Client::ListBaselines() {
  return impl_->Call(&v1::Control::Stub::ListBaselines, v1::ListBaselinesRequest());
}

}  // namespace kload::kctl
