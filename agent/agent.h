// An agent as a part: `kload-agent` runs one per process, `kctl run` several in its own.
//
// Threads: W workers (VUs), one for link and heartbeats; all are joined by Shutdown().
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace kload::agent {

struct AgentOptions {
  std::string controller = "127.0.0.1:7070";
  std::shared_ptr<grpc::Channel> channel;  // used instead of `controller` when set (kctl run)
  std::string name;                        // empty: host name and process id
  unsigned threads = 0;                    // workers; 0: one per core
  std::string sample_log;                  // test-only: file that every raw sample is appended to
  std::string spool = {};  // folder for what is measured, for `kctl recover`; empty: none
  // Folder with ca.pem, agent.pem and agent.key (see common/security/certificates.h); empty: no TLS.
  std::string certs = {};
  std::vector<std::string> allow =
      {};  // where scripts may send to (see common/net/allow_list.h); empty: anywhere
  // A load of which no controller wants to know for so long is stopped.
  Nanos orphan_timeout = std::chrono::seconds(60);
};

class Agent {
 public:
  // Starts the threads and begins to connect; a controller that is away is retried with backoff.
  static absl::StatusOr<std::unique_ptr<Agent>> Start(AgentOptions options);
  ~Agent();
  // Blocks until the controller refuses this agent (a clear status) or Shutdown() is called (OK).
  absl::Status Wait();
  // Stops VUs at once, flushes what was measured if the link is up, joins all threads. Any thread; idempotent.
  void Shutdown();

 private:
  Agent();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
