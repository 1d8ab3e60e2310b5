#include "controller/controller.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controller/api/control_service.h"
#include "controller/core/core.h"
#include "controller/core/core_thread.h"
#include "controller/export/exporter.h"
#include "controller/export/pusher.h"
#include "controller/link/cluster_service.h"
#include "controller/store/store.h"

namespace kload::controller {
namespace {

// Bundles with data files, and deltas of very many series.
constexpr int kMessageBytesMax = 64 * 1024 * 1024;
// How long calls may take to end by themselves once the server is told to go.
constexpr auto kCallsEndWithin = std::chrono::seconds(1);

absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon != std::string::npos && colon != 0 && colon + 1 != address.size()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("--listen: \"{}\" is not HOST:PORT such as 127.0.0.1:7070", address));
}

absl::Status CheckLibrary(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--scenarios {}: this is no folder; name one with k6 scripts in it", folder));
}

}  // namespace

// Members are destroyed from the last to the first: whoever posts goes before the thread that is posted to.
struct Controller::Impl {
  explicit Impl(ControllerOptions asked) : options(std::move(asked)) {}
  ~Impl() { Shutdown(); }

  absl::Status Begin();
  absl::Status Serve();
  void Shutdown();

  const ControllerOptions options;
  const SystemClock clock;
  std::unique_ptr<Exporter> exporter;
  std::optional<Pusher> pusher;
  std::optional<CoreThread> core;
  std::optional<ClusterService> cluster;
  std::optional<ControlService> control;
  std::unique_ptr<grpc::Server> server;
  std::string listen_address;
  std::mutex ending;  // Shutdown() may come from two threads: the second waits for the first
  bool ended = false;
};

absl::Status Controller::Impl::Begin() {
  KLOAD_RETURN_IF_ERROR(CheckLibrary(options.scenarios_dir));
  KLOAD_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(options.data_dir));
  Core::Publish publish;
  if (!options.http.empty()) {
    KLOAD_ASSIGN_OR_RETURN(exporter, Exporter::Start(options.http, clock));
    publish = [this](const ClusterFigures& figures) { exporter->Publish(figures); };
  }
  pusher.emplace("kload/" KLOAD_VERSION);
  const Push push = [this](auto settings, auto bodies, auto done) {
    pusher->Push(std::move(settings), std::move(bodies), [this, done](absl::Status status) {
      core->Post([done, status](Core&) { done(status); });
    });
  };
  auto made = std::make_unique<Core>(clock, std::move(store), KLOAD_VERSION, std::move(publish),
                                     push, options.logs_runs);
  made->Restore();
  core.emplace(std::move(made));
  cluster.emplace(*core, clock);
  control.emplace(*core, options.scenarios_dir, options.env);
  return Serve();
}

absl::Status Controller::Impl::Serve() {
  grpc::ServerBuilder builder;
  int port = 0;
  if (!options.listen.empty()) {
    KLOAD_RETURN_IF_ERROR(CheckAddress(options.listen));
    builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port);
  }
  // Two controllers that share a port would each get a part of the agents.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.RegisterService(&*cluster);
  builder.RegisterService(&*control);
  server = builder.BuildAndStart();
  if (server == nullptr || (!options.listen.empty() && port == 0)) {
    return absl::UnavailableError(fmt::format(
        "--listen {}: cannot listen there: another program uses the port, or the address is not "
        "this machine's; choose another with --listen HOST:PORT",
        options.listen));
  }
  if (port != 0) {
    listen_address =
        fmt::format("{}:{}", options.listen.substr(0, options.listen.rfind(':')), port);
  }
  return absl::OkStatus();
}

void Controller::Impl::Shutdown() {
  const std::lock_guard lock(ending);
  if (std::exchange(ended, true)) return;
  if (core) core->EndRuns();
  // The core still works: calls that are at work end through it.
  if (server) server->Shutdown(std::chrono::system_clock::now() + kCallsEndWithin);
  // It posts to the core, which may not be joined by then.
  if (pusher) pusher->Shutdown();
  if (core) core->Join();
  if (exporter) exporter->Shutdown();
}

Controller::Controller() = default;
Controller::~Controller() = default;

absl::StatusOr<std::unique_ptr<Controller>> Controller::Start(ControllerOptions options) {
  std::unique_ptr<Controller> controller(new Controller);
  controller->impl_ = std::make_unique<Impl>(std::move(options));
  KLOAD_RETURN_IF_ERROR(controller->impl_->Begin());
  return controller;
}

std::string Controller::listen_address() const { return impl_->listen_address; }

std::string Controller::http_address() const {
  return impl_->exporter ? impl_->exporter->address() : "";
}

std::shared_ptr<grpc::Channel> Controller::InProcessChannel() {
  return impl_->server->InProcessChannel(grpc::ChannelArguments());
}

void Controller::Shutdown() { impl_->Shutdown(); }

}  // namespace kload::controller
