// A controller as a part: `kload-controller` runs one per process, `kctl run` one in its own.
//
// Threads: one core thread owns roster, runs, series and store; gRPC's threads decode, post to it and return;
//          one thread inspects scripts of runs that are to start; one serves HTTP from an immutable snapshot.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <string>

namespace kload::controller {

struct ControllerOptions {
  std::string listen = "127.0.0.1:7070";  // gRPC, host:port; empty: in-process only
  std::string http = "127.0.0.1:7071";    // Prometheus; empty: none
  std::string data_dir = "";              // run history; empty: in memory
  std::string scenarios_dir = "";  // library of scripts that StartRun finds by name; empty: none
  // What runs find in __ENV unless their request says otherwise.
  std::map<std::string, std::string> env = {};
  // ---- Who is let in; docs/security.md ----
  std::string certs_dir = "";    // ca.pem, controller.pem and its key: TLS; empty: none
  std::string tokens_file = "";  // empty: DIR/tokens of `certs_dir`, where that is
  bool insecure = false;         // listen beyond loopback without TLS
  size_t bundle_bytes_max = 64 * 1024 * 1024;  // of a script with its files
  int runs_kept = 1000;                        // in the history; older ones are forgotten
  // Whether what is said of runs goes to this process' log as well as to those who follow them.
  bool logs_runs = true;
};

class Controller {
 public:
  // Errors: Unavailable when a port is in use (names it and the flag), InvalidArgument for bad folders, addresses or
  //         certificates, FailedPrecondition for an address beyond loopback without certificates.
  static absl::StatusOr<std::unique_ptr<Controller>> Start(ControllerOptions options);
  ~Controller();
  // Addresses in use, with the real port when 0 was asked for; empty for what was not asked for.
  std::string listen_address() const;
  std::string http_address() const;
  // A channel without a socket, for parts in the same process. It must not outlive the controller.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  // Ends runs (a few seconds at most), closes streams, joins threads. Any thread; idempotent.
  void Shutdown();

 private:
  Controller();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
