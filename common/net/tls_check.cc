#include "common/net/tls_check.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <utility>

#include "common/base/status.h"
#include "common/net/tls_material.h"

namespace kload {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

}  // namespace

absl::Status CheckCertificate(const std::string& cert_pem) {
  return ReadCertificates(cert_pem).status();
}

absl::Status CheckPrivateKey(const std::string& cert_pem, const std::string& key_pem,
                             const std::string& password) {
  KLOAD_ASSIGN_OR_RETURN(const KeyPointer key, ReadPrivateKey(key_pem, password));
  KLOAD_ASSIGN_OR_RETURN(const std::vector<X509Pointer> certificates, ReadCertificates(cert_pem));
  const bool fits = X509_check_private_key(certificates.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError("does not belong to the certificate in `cert`");
}

absl::Status CheckCipherSuite(const std::string& name) {
  const std::string_view known = OPENSSL_cipher_name(name.c_str());
  if (known.starts_with("TLS_")) return absl::OkStatus();
  const Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  // Asked at the level at which the old versions of TLS are used.
  if (context != nullptr) SSL_CTX_set_security_level(context.get(), 0);
  const bool usable = known != "(NONE)" && context != nullptr &&
                      SSL_CTX_set_cipher_list(context.get(), std::string(known).c_str()) == 1;
  ERR_clear_error();
  if (usable) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not a cipher suite that this system's OpenSSL offers; a name such as "
                  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is needed",
                  name));
}

}  // namespace kload
