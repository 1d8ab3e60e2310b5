#include "tests/unit/agent/http/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>

#include "common/base/check.h"

namespace kload::agent {
namespace {

constexpr long kDay = 24 * 60 * 60;

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  KLOAD_CHECK(extension != nullptr, "a certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid from two days ago until `until` seconds from now; unsigned.
Certificate Make(EVP_PKEY* key, const char* common_name, long serial, long until) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  return certificate;
}

}  // namespace

Authority::Authority() : key_(EVP_EC_gen("P-256")) {
  certificate_ = Make(key_.get(), "kload test authority", 1, kDay);
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  file_ = "/tmp/kload-test-ca-XXXXXX";
  const int descriptor = mkstemp(file_.data());
  KLOAD_CHECK(descriptor >= 0, "a temporary file");
  std::FILE* const file = fdopen(descriptor, "w");
  PEM_write_X509(file, certificate_.get());
  std::fclose(file);
}

Authority::~Authority() { unlink(file_.c_str()); }

ServerTls Authority::Serve(const std::string& names, bool expired) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Make(key.get(), "kload test server", 2, expired ? -kDay : kDay);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate.get(), certificate_.get(), NID_subject_alt_name, names);
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  ServerTls context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), certificate.get());
  KLOAD_CHECK(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "a server's key");
  return context;
}

PemPair Authority::Client(const std::string& common_name, const std::string& password) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Make(key.get(), common_name.c_str(), 3, kDay);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  const auto text_of = [](auto write) {
    const std::unique_ptr<BIO, FreeWith<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    write(bio.get());
    char* begin = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &begin);
    return std::string(begin, static_cast<size_t>(size));
  };
  const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  return {text_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }),
          text_of([&](BIO* bio) {
            PEM_write_bio_PKCS8PrivateKey(bio, key.get(), cipher, password.data(),
                                          static_cast<int>(password.size()), nullptr, nullptr);
          })};
}

}  // namespace kload::agent
