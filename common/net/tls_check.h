// Whether TLS options will work, for who validates them and links no OpenSSL: the same OpenSSL that will use them is
// asked.
//
// Thread: any; pure.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

namespace kload {

// Errors: InvalidArgument, in words that follow an option's name: "holds no PEM certificate ...".
absl::Status CheckCertificate(const std::string& cert_pem);
// Of a key to that (valid) certificate.
absl::Status CheckPrivateKey(const std::string& cert_pem, const std::string& key_pem,
                             const std::string& password);
// IANA's name, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, for TLS 1.2 and before; those of TLS 1.3 are taken, and
// cannot be chosen.
absl::Status CheckCipherSuite(const std::string& name);

}  // namespace kload
