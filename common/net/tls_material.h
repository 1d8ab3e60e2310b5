// Certificates, keys and cipher suites from options to OpenSSL.
//
// Thread: any; pure. Errors leave OpenSSL's queue of errors empty.
#pragma once

#include <absl/status/statusor.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace kload {

struct FreeOpenSsl {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using X509Pointer = std::unique_ptr<X509, FreeOpenSsl>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeOpenSsl>;

// At least one: the certificate itself, then those between it and the root.
// Errors: InvalidArgument.
absl::StatusOr<std::vector<X509Pointer>> ReadCertificates(const std::string& pem);
// Errors: InvalidArgument; also for a wrong or missing password.
absl::StatusOr<KeyPointer> ReadPrivateKey(const std::string& pem, const std::string& password);

// "ECDHE-RSA-AES128-GCM-SHA256:..." for SSL_CTX_set_cipher_list(), without those of TLS 1.3 and those that OpenSSL does
// not know; empty when none is left.
std::string CipherList(const std::vector<std::string>& iana_names);

}  // namespace kload
