#include "common/net/tls_material.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string_view>

namespace kload {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio Open(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

int GivePassword(char* buffer, int size, int /*writing*/, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

}  // namespace

absl::StatusOr<std::vector<X509Pointer>> ReadCertificates(const std::string& pem) {
  std::vector<X509Pointer> certificates;
  const Bio bio = Open(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  // Nothing more to read is how it ends; anything else is damage.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() || !at_end) {
    return absl::InvalidArgumentError(
        "is not a certificate in PEM form (-----BEGIN CERTIFICATE----- ...); open() its file");
  }
  return certificates;
}

absl::StatusOr<KeyPointer> ReadPrivateKey(const std::string& pem, const std::string& password) {
  const Bio bio = Open(pem);
  std::string secret = password;
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassword, &secret));
  ERR_clear_error();
  if (key != nullptr) return key;
  const bool encrypted = pem.find("ENCRYPTED") != std::string::npos;
  if (encrypted) {
    return absl::InvalidArgumentError(password.empty()
                                          ? "is encrypted; give its `password`"
                                          : "is encrypted, and its `password` does not open it");
  }
  return absl::InvalidArgumentError(
      "is not a private key in PEM form (-----BEGIN PRIVATE KEY----- ...); open() its file");
}

std::string CipherList(const std::vector<std::string>& iana_names) {
  std::string list;
  for (const std::string& name : iana_names) {
    const std::string_view known = OPENSSL_cipher_name(name.c_str());
    if (known == "(NONE)" || known.starts_with("TLS_")) continue;
    if (!list.empty()) list += ':';
    list += known;
  }
  return list;
}

}  // namespace kload
