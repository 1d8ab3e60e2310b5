// Who may do what: checked at the first line of every call.
//
// Data path: call -> Access -> the service, or a refusal that says how to get in.
// Thread:    immutable; gRPC's threads and the HTTP server's.
// Rule:      without certificates and tokens everybody may do everything: such a controller listens on loopback only, or was
//            told to be insecure. With certificates agents need one of the cluster's; people need a token, or the operator's
//            certificate. With tokens alone people need one, and agents nothing.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/security/tokens.h"

namespace kload::controller {

class Access {
 public:
  Access() = default;
  // `certified`: streams are TLS with the cluster's certificates. `tokens`: nothing when there are none.
  Access(bool certified, std::optional<Tokens> tokens)
      : certified_(certified), tokens_(std::move(tokens)) {}

  // OK, or Unauthenticated with a sentence for people.
  grpc::Status CheckAgent(const grpc::ServerContextBase& context) const;
  // OK, Unauthenticated, or PermissionDenied when the caller's role is less than `needed`.
  grpc::Status Check(const grpc::ServerContextBase& context, Role needed) const;
  // Of an HTTP request: the value of its header Authorization, Bearer TOKEN or Basic with the token as the password. Whether
  // the caller may look.
  bool MayLook(std::string_view authorization) const;

 private:
  bool certified_ = false;
  std::optional<Tokens> tokens_;
};

}  // namespace kload::controller
