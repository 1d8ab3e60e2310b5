#include "agent/agent.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "agent/link/link.h"
#include "agent/link/worker_crew.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/net/allow_list.h"
#include "common/security/certificates.h"

namespace kload::agent {
namespace {

// A script with the files that it opens.
constexpr int kMessageBytesMax = 256 * 1024 * 1024;
// A heartbeat goes out every second, so what the network does not confirm for this long is on a dead connection.
constexpr int kDeadConnectionMs = 10'000;
// gRPC servers refuse more frequent keepalive pings of idle clients. None is ever sent: heartbeats come first.
constexpr int kKeepaliveMs = 300'000;

// A channel for one attempt. It shares no connection with other attempts, so that gRPC's own backoff, which grows to
// two minutes, does not come on top of the link's.
std::shared_ptr<grpc::Channel> Dial(const std::string& controller,
                                    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kDeadConnectionMs);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy for web pages is none for a cluster
  return grpc::CreateCustomChannel(controller, credentials, arguments);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const std::string& certs) {
  if (certs.empty()) return grpc::InsecureChannelCredentials();
  KLOAD_ASSIGN_OR_RETURN(const Identity identity,
                         ReadIdentity(certs, "agent", SystemClock().UnixNow()));
  return grpc::SslCredentials({.pem_root_certs = identity.ca,
                               .pem_private_key = identity.key,
                               .pem_cert_chain = identity.certificate});
}

absl::Status CheckAddress(const std::string& controller) {
  const size_t colon = controller.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == controller.size()) {
    return absl::InvalidArgumentError(
        fmt::format("--controller: \"{}\" is not HOST:PORT such as 127.0.0.1:7070", controller));
  }
  return absl::OkStatus();
}

// Every VU keeps a connection or more, and the soft limit is often 1024 files. Where the system says no, it stays.
void RaiseFileLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// Tells hosts, containers and several agents of one host apart.
std::string DefaultName() {
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  return fmt::format("{}-{}", host[0] == '\0' ? "agent" : host, ::getpid());
}

// 128 random bits, in hex.
std::string NewIncarnation() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace

struct Agent::Impl {
  Impl(LinkCore::Options options, Link::Dial dial)
      : link(std::move(options), std::move(dial), clock) {}

  const SystemClock clock;
  Link link;
  std::unique_ptr<WorkerCrew> crew;  // dies before the link, to which it posts
  // Threads that call Shutdown() at once all return when it is done.
  std::mutex shutting_down;
};

Agent::Agent() = default;

Agent::~Agent() {
  if (impl_ != nullptr) Shutdown();
}

absl::StatusOr<std::unique_ptr<Agent>> Agent::Start(AgentOptions options) {
  RaiseFileLimit();
  LinkCore::Options link;
  Link::Dial dial;
  if (options.channel != nullptr) {
    link.where = "this process";
    dial = [channel = options.channel] { return channel; };
    link.fences = false;
  } else {
    KLOAD_RETURN_IF_ERROR(CheckAddress(options.controller));
    link.where = options.controller;
    KLOAD_ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(options.certs));
    dial = [controller = options.controller, credentials] { return Dial(controller, credentials); };
  }
  link.name = options.name.empty() ? DefaultName() : options.name;
  link.incarnation = NewIncarnation();
  link.version = KLOAD_VERSION;
  link.orphan_after = options.orphan_timeout;
  link.spool_dir = options.spool;
  absl::StatusOr<AllowList> allow = ParseAllowList(options.allow);
  if (!allow.ok()) return Annotate(allow.status(), "--allow");
  link.allow = *std::move(allow);
  link.seed = std::random_device{}();

  std::unique_ptr<Agent> agent(new Agent());
  agent->impl_ = std::make_unique<Impl>(std::move(link), std::move(dial));
  Impl& impl = *agent->impl_;
  const unsigned threads =
      options.threads > 0 ? options.threads : std::max(std::thread::hardware_concurrency(), 1U);
  KLOAD_ASSIGN_OR_RETURN(impl.crew, WorkerCrew::Start(threads, options.sample_log, impl.clock,
                                                      [&impl](WorkerEvent event) {
                                                        impl.link.Post(std::move(event));
                                                      }));
  impl.link.Start(*impl.crew);
  return agent;
}

absl::Status Agent::Wait() { return impl_->link.Wait(); }

void Agent::Shutdown() {
  const std::lock_guard<std::mutex> lock(impl_->shutting_down);
  impl_->link.Shutdown();
  impl_->crew.reset();
}

}  // namespace kload::agent
