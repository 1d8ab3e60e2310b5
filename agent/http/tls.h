// TLS as k6's client speaks it: 1.2 and 1.3, the system's roots, the server's name checked;
// sessions are taken up again by later connections to the same server.
//
// Thread: one worker's.
// Source: names as k6 prints them: "tls1.3", "TLS_AES_128_GCM_SHA256".
#pragma once

#include <absl/status/statusor.h>
#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/http/failure.h"
#include "agent/http/url.h"
#include "common/net/host_pattern.h"
#include "common/net/network_options.h"
#include "common/net/tls_material.h"

namespace kload::agent {

class TlsContext;

// What OpenSSL hands back to us with a new session. Lives beside the SSL that it was given to;
// without a context, new sessions are dropped.
struct TlsPeer {
  TlsContext* context = nullptr;
  std::string name;  // host:port
};

class TlsContext {
 public:
  static constexpr size_t kSessionsMax = 1000;  // servers; all are forgotten when it is reached

  struct Options {
    bool verify = true;
    std::string ca_file;  // PEM, trusted beside the system's; empty: none
    TlsOptions tls = {};
  };

  // Errors: InvalidArgument when `ca_file` or a client certificate can not be read, Internal when
  //         OpenSSL can not be set up.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(const Options& options);

  SSL_CTX* native() { return context_.get(); }
  // Before the handshake: `ssl` asks for the target's name, checks it, has the client certificate
  // for it, and takes up an older session.
  // False: OpenSSL takes no such name.
  bool Prepare(SSL* ssl, const Target& target, TlsPeer& peer);

 private:
  struct FreeSession {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

  struct ClientPair {
    std::vector<X509Pointer> certificates;  // its own first
    KeyPointer key;
  };

  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  absl::Status AddClientCertificates(const std::vector<ClientCertificate>& certificates);
  // False: OpenSSL does not take it.
  bool UseClientCertificate(SSL* ssl, const Target& target);
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);

  const std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unordered_map<std::string, Session> sessions_;  // by TlsPeer::name, the newest
  std::vector<ClientPair> client_pairs_;
  HostTable client_hosts_;  // numbers in client_pairs_
};

// Before the SSL is freed: no session reaches `peer` any more, and the one in use stays good for
// others.
void DetachTls(SSL* ssl, TlsPeer& peer);

// Of a handshake, read or write that ended in `error`.
Failure TlsFailure(const boost::system::error_code& error, const SSL* ssl);

// After the handshake.
std::string TlsVersionOf(const SSL* ssl);
std::string TlsCipherOf(const SSL* ssl);

}  // namespace kload::agent
