// A cluster's own certificates: an authority, and what it signs for controllers, agents and operators.
//
// Files of a folder: ca.pem, ca.key; controller.pem, agent.pem, operator.pem and their .key. Keys are readable by their owner
// alone. Who gets a copy of agent.* may send load for the cluster, of operator.* may start runs; ca.key may stay behind.
// Thread: any.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace kload {

// What a certificate is for: the common name begins with it.
inline constexpr std::string_view kControllerName = "kload-controller";
inline constexpr std::string_view kAgentName = "kload-agent";
inline constexpr std::string_view kOperatorName = "kload-operator";

struct CertificateOrder {
  std::string folder;
  std::vector<std::string> hosts = {};  // names and addresses of the controller, beside localhost
  int days = 365;                       // the authority's: ten times that
  Nanos unix_now{0};
};

// Makes the authority, and a certificate for each part. Errors: AlreadyExists when the folder has an authority; Unavailable
// when a file cannot be written; InvalidArgument for a host that is none.
absl::Status MakeCertificates(const CertificateOrder& order);
// Makes NAME.pem and NAME.key for one more agent, signed by the folder's authority. Errors: NotFound, naming the file;
// AlreadyExists; InvalidArgument for a name that is no file's.
absl::Status MakeAgentCertificate(const CertificateOrder& order, const std::string& name);

// What one side of a TLS connection needs, PEM.
struct Identity {
  std::string ca;
  std::string certificate;  // empty: it has none
  std::string key;
};
// Of NAME.pem and NAME.key; `name`: "controller", "agent", "operator". Errors: InvalidArgument, naming the file and
// what to do, for what is missing, has expired or is not the authority's.
absl::StatusOr<Identity> ReadIdentity(const std::string& folder, const std::string& name,
                                      Nanos unix_now);

}  // namespace kload
