#include "agent/http/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <optional>
#include <utility>

#include "common/base/status.h"

namespace kload::agent {
namespace {

// Where an SSL keeps its TlsPeer.
int PeerIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string OpenSslWords() {
  std::array<char, 256> words{};
  ERR_error_string_n(ERR_get_error(), words.data(), words.size());
  ERR_clear_error();
  return words.data();
}

Failure CertificateFailure(long result) {
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {FailureCode::kHostMismatch, "x509: certificate doesn't match hostname"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_INVALID_CA:
      return {FailureCode::kUnknownAuthority, "x509: unknown authority"};
    default:
      return {FailureCode::kTls, fmt::format("x509: {}", X509_verify_cert_error_string(result))};
  }
}

bool IsNotTls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

int VersionNumber(TlsVersion version) {
  switch (version) {
    case TlsVersion::k1_0:
      return TLS1_VERSION;
    case TlsVersion::k1_1:
      return TLS1_1_VERSION;
    case TlsVersion::k1_2:
      return TLS1_2_VERSION;
    case TlsVersion::k1_3:
      break;
  }
  return TLS1_3_VERSION;
}

absl::Status SetUpVersions(SSL_CTX* context, const TlsOptions& options) {
  // OpenSSL 3 allows the signatures of the old versions at its lowest level only.
  if (options.min < TlsVersion::k1_2) SSL_CTX_set_security_level(context, 0);
  if (SSL_CTX_set_min_proto_version(context, VersionNumber(options.min)) != 1 ||
      SSL_CTX_set_max_proto_version(context, VersionNumber(options.max)) != 1) {
    return absl::InternalError("TLS: " + OpenSslWords());
  }
  const std::string ciphers = CipherList(options.cipher_suites);
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("tlsCipherSuites: OpenSSL here offers none of {}", ciphers));
  }
  return absl::OkStatus();
}

absl::Status SetUp(SSL_CTX* context, const TlsContext::Options& options) {
  KLOAD_RETURN_IF_ERROR(SetUpVersions(context, options.tls));
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A record's header and content with one read, not two.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  // A server that knows HTTP/2 must not choose it.
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kProtocols, sizeof(kProtocols) - 1);
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // Without system roots nothing is trusted, and each handshake says so.
  if (options.verify && SSL_CTX_set_default_verify_paths(context) != 1) ERR_clear_error();
  if (!options.ca_file.empty() &&
      SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1) {
    return absl::InvalidArgumentError(fmt::format("{}: no PEM certificates can be read from it: {}",
                                                  options.ca_file, OpenSslWords()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(const Options& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return absl::InternalError("TLS: " + OpenSslWords());
  std::unique_ptr<TlsContext> owner(new TlsContext(context));
  KLOAD_RETURN_IF_ERROR(SetUp(context, options));
  KLOAD_RETURN_IF_ERROR(owner->AddClientCertificates(options.tls.client_certificates));
  SSL_CTX_sess_set_new_cb(context, OnNewSession);
  return owner;
}

absl::Status TlsContext::AddClientCertificates(const std::vector<ClientCertificate>& certificates) {
  for (size_t i = 0; i < certificates.size(); ++i) {
    const ClientCertificate& given = certificates[i];
    const std::string where = fmt::format("tlsAuth[{}]", i);
    absl::StatusOr<std::vector<X509Pointer>> chain = ReadCertificates(given.cert);
    if (!chain.ok()) return Annotate(chain.status(), where + ".cert");
    absl::StatusOr<KeyPointer> key = ReadPrivateKey(given.key, given.password);
    if (!key.ok()) return Annotate(key.status(), where + ".key");
    client_pairs_.push_back({*std::move(chain), *std::move(key)});
    if (given.domains.empty()) client_hosts_.Add({"*", 0}, i);
    for (const HostPattern& domain : given.domains) client_hosts_.Add(domain, i);
  }
  return absl::OkStatus();
}

bool TlsContext::UseClientCertificate(SSL* ssl, const Target& target) {
  if (client_hosts_.empty()) return true;
  const std::optional<size_t> number = client_hosts_.Find(target.host, target.port);
  if (!number) return true;
  const ClientPair& pair = client_pairs_[*number];
  if (SSL_use_certificate(ssl, pair.certificates.front().get()) != 1) return false;
  for (size_t i = 1; i < pair.certificates.size(); ++i) {
    if (SSL_add1_chain_cert(ssl, pair.certificates[i].get()) != 1) return false;
  }
  return SSL_use_PrivateKey(ssl, pair.key.get()) == 1;
}

int TlsContext::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  const auto* peer = static_cast<const TlsPeer*>(SSL_get_ex_data(ssl, PeerIndex()));
  if (peer == nullptr || peer->context == nullptr) return 0;
  auto& sessions = peer->context->sessions_;
  if (sessions.size() >= kSessionsMax && sessions.find(peer->name) == sessions.end()) {
    sessions.clear();
  }
  sessions[peer->name].reset(session);
  return 1;  // the session is ours now
}

bool TlsContext::Prepare(SSL* ssl, const Target& target, TlsPeer& peer) {
  if (!UseClientCertificate(ssl, target)) return false;
  peer = {this, fmt::format("{}:{}", target.host, target.port)};
  SSL_set_ex_data(ssl, PeerIndex(), &peer);
  if (target.is_ip) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), target.host.c_str()) != 1) return false;
  } else {
    std::string host = target.host;
    if (!host.empty() && host.back() == '.')
      host.pop_back();  // a name's root is not in certificates
    SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (SSL_set1_host(ssl, host.c_str()) != 1) return false;
    if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return false;
  }
  const auto session = sessions_.find(peer.name);
  if (session != sessions_.end()) SSL_set_session(ssl, session->second.get());
  return true;
}

void DetachTls(SSL* ssl, TlsPeer& peer) {
  peer.context = nullptr;
  // OpenSSL marks a session as bad when a connection ends without a shutdown in both directions.
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Failure TlsFailure(const boost::system::error_code& error, const SSL* ssl) {
  namespace asio = boost::asio;
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return {FailureCode::kUnclassified, "EOF"};
  }
  if (error.category() == asio::ssl::error::get_stream_category()) {
    return {FailureCode::kTls, "tls: " + error.message()};
  }
  if (error.category() != asio::error::get_ssl_category()) return ReadFailure(error);
  // Not by the error's own reason: that may be a detail of the check that failed.
  const long result = SSL_get_verify_result(ssl);
  if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && result != X509_V_OK) {
    return CertificateFailure(result);
  }
  const int reason =
      ERR_GET_REASON(static_cast<unsigned long>(static_cast<uint32_t>(error.value())));
  if (IsNotTls(reason)) {
    return {FailureCode::kNotTls, "tls: first record does not look like a TLS handshake"};
  }
  return {FailureCode::kTls, "tls: " + error.message()};
}

std::string TlsVersionOf(const SSL* ssl) {
  switch (SSL_version(ssl)) {
    case TLS1_VERSION:
      return "tls1.0";
    case TLS1_1_VERSION:
      return "tls1.1";
    case TLS1_2_VERSION:
      return "tls1.2";
    case TLS1_3_VERSION:
      return "tls1.3";
    default:
      return SSL_get_version(ssl);
  }
}

std::string TlsCipherOf(const SSL* ssl) {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl);
  const char* const name = cipher == nullptr ? nullptr : SSL_CIPHER_standard_name(cipher);
  return name == nullptr ? "" : name;
}

}  // namespace kload::agent
