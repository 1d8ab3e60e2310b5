#include "controller/controller.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/security/certificates.h"
#include "common/security/loopback.h"
#include "common/security/tokens.h"
#include "controller/access/access.h"
#include "controller/api/control_service.h"
#include "controller/core/core.h"
#include "controller/core/core_thread.h"
#include "controller/export/exporter.h"
#include "controller/export/pusher.h"
#include "controller/link/cluster_service.h"
#include "controller/store/store.h"
#include "controller/watch/target_reader.h"

namespace kload::controller {
namespace {

// Deltas of very many series; bundles have a limit of their own, and what comes with them.
constexpr size_t kMessageBytesMax = 64 * 1024 * 1024;
constexpr size_t kBesideBundle = 4 * 1024 * 1024;
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

// Who listens beyond this machine has to say how strangers are kept out.
absl::Status CheckReach(const std::string& flag, const std::string& address,
                        const ControllerOptions& options) {
  if (address.empty() || IsLoopback(address) || !options.certs_dir.empty() || options.insecure) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "{} {}: others can reach this address. Make certificates with `kctl certs init DIR` and say "
      "--certs DIR; or --insecure, where nobody but you is in this network",
      flag, address));
}

// Nothing: nobody is asked who he is.
absl::StatusOr<std::optional<Tokens>> ReadTokens(const ControllerOptions& options) {
  std::string path = options.tokens_file;
  if (path.empty() && !options.certs_dir.empty()) {
    const std::filesystem::path beside = std::filesystem::path(options.certs_dir) / "tokens";
    std::error_code error;
    if (std::filesystem::exists(beside, error)) path = beside.string();
  }
  if (path.empty()) return std::nullopt;
  absl::StatusOr<Tokens> tokens = Tokens::Read(path);
  if (!tokens.ok()) return Annotate(tokens.status(), "--tokens");
  return *std::move(tokens);
}

}  // namespace

// Members are destroyed from the last to the first: whoever posts goes before the thread that is posted to.
struct Controller::Impl {
  explicit Impl(ControllerOptions asked) : options(std::move(asked)) {}
  ~Impl() { Shutdown(); }

  absl::Status Begin();
  absl::Status ReadAccess();
  absl::StatusOr<std::unique_ptr<Exporter>> StartExporter() const;
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;
  absl::Status Serve();
  void Shutdown();

  const ControllerOptions options;
  const SystemClock clock;
  Identity identity;
  Access access;
  std::unique_ptr<Exporter> exporter;
  std::optional<Pusher> pusher;
  std::optional<watch::TargetReader> reader;
  std::optional<CoreThread> core;
  std::optional<ClusterService> cluster;
  std::optional<ControlService> control;
  std::unique_ptr<grpc::Server> server;
  std::string listen_address;
  std::mutex ending;  // Shutdown() may come from two threads: the second waits for the first
  bool ended = false;
};

absl::Status Controller::Impl::ReadAccess() {
  KLOAD_RETURN_IF_ERROR(CheckReach("--listen", options.listen, options));
  KLOAD_RETURN_IF_ERROR(CheckReach("--http", options.http, options));
  if (!options.certs_dir.empty()) {
    absl::StatusOr<Identity> read = ReadIdentity(options.certs_dir, "controller", clock.UnixNow());
    if (!read.ok()) return Annotate(read.status(), "--certs");
    identity = *std::move(read);
  }
  KLOAD_ASSIGN_OR_RETURN(std::optional<Tokens> tokens, ReadTokens(options));
  access = Access(!options.certs_dir.empty(), std::move(tokens));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Exporter>> Controller::Impl::StartExporter() const {
  return Exporter::Start(
      options.http, clock,
      [this](std::string_view authorization) { return access.MayLook(authorization); },
      {.chain = identity.certificate, .key = identity.key});
}

absl::Status Controller::Impl::Begin() {
  KLOAD_RETURN_IF_ERROR(CheckLibrary(options.scenarios_dir));
  KLOAD_RETURN_IF_ERROR(ReadAccess());
  KLOAD_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(options.data_dir));
  Core::Publish publish;
  if (!options.http.empty()) {
    KLOAD_ASSIGN_OR_RETURN(exporter, StartExporter());
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
  made->runs().KeepRuns(options.runs_kept);
  reader.emplace("kload/" KLOAD_VERSION, clock);
  made->runs().ReadTargetsBy([this](auto target, auto done) {
    reader->Read(std::move(target), [this, done](watch::Reading reading) {
      core->Post([done, reading = std::move(reading)](Core&) { done(reading); });
    });
  });
  made->Restore();
  core.emplace(std::move(made));
  cluster.emplace(*core, clock, access);
  control.emplace(*core, options.scenarios_dir, options.env, access, options.bundle_bytes_max);
  return Serve();
}

std::shared_ptr<grpc::ServerCredentials> Controller::Impl::Credentials() const {
  if (options.certs_dir.empty()) return grpc::InsecureServerCredentials();
  // People may come with a token instead of a certificate; whoever shows one must have it from our authority.
  grpc::SslServerCredentialsOptions ssl(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  ssl.pem_root_certs = identity.ca;
  ssl.pem_key_cert_pairs.push_back({identity.key, identity.certificate});
  return grpc::SslServerCredentials(ssl);
}

absl::Status Controller::Impl::Serve() {
  grpc::ServerBuilder builder;
  int port = 0;
  if (!options.listen.empty()) {
    KLOAD_RETURN_IF_ERROR(CheckAddress(options.listen));
    builder.AddListeningPort(options.listen, Credentials(), &port);
  }
  // Two controllers that share a port would each get a part of the agents.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(std::max(kMessageBytesMax, options.bundle_bytes_max) + kBesideBundle));
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
  // They post to the core, which may not be joined by then.
  if (pusher) pusher->Shutdown();
  if (reader) reader->Shutdown();
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
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  return impl_->server->InProcessChannel(arguments);
}

void Controller::Shutdown() { impl_->Shutdown(); }

}  // namespace kload::controller
