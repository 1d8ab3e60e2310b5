#include "common/security/certificates.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

#include "common/base/status.h"
#include "common/net/address.h"

namespace kload {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Bio = std::unique_ptr<BIO, FreeBio>;

constexpr int kAuthorityYears = 10;
constexpr int kClockSlackSeconds = 300;  // hosts whose clocks are behind take it as well
constexpr int kSerialBytes = 16;

std::string OpenSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  char text[256] = "unknown";
  if (code != 0) ERR_error_string_n(code, text, sizeof(text));
  return text;
}

absl::Status Failed(const std::string& what) {
  return absl::InternalError(fmt::format("{}: {}", what, OpenSslError()));
}

std::string PathOf(const std::string& folder, const std::string& file) {
  return (std::filesystem::path(folder) / file).string();
}

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Never in place of a file that is there.
absl::Status Write(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) {
    const std::string why = fmt::format("{}: {}", path, std::strerror(errno));
    return errno == EEXIST ? absl::AlreadyExistsError(why) : absl::UnavailableError(why);
  }
  const ssize_t written = ::write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (whole) return absl::OkStatus();
  ::unlink(path.c_str());
  return absl::UnavailableError(fmt::format("{}: {}", path, std::strerror(error)));
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOf(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return TextOf(bio.get());
}

std::string PemOf(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return TextOf(bio.get());
}

Bio BioOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate CertificateOf(const std::string& pem) {
  const Bio bio = BioOf(pem);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Key KeyOf(const std::string& pem) {
  const Bio bio = BioOf(pem);
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

struct Signer {
  Certificate certificate;
  Key key;
};

// What a certificate says.
struct Contents {
  std::string name;
  int days = 365;
  Nanos unix_now{0};
  std::vector<std::pair<int, std::string>> extensions;  // NID, in OpenSSL's words
};

bool Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetSerial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_bin2bn(bytes, sizeof(bytes), nullptr),
                                                           &BN_free);
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Signed by `signer`, or by itself when there is none.
absl::StatusOr<Signer> Sign(const Contents& contents, const Signer* signer) {
  Signer made{Certificate(X509_new()), Key(EVP_EC_gen("P-256"))};
  X509* const certificate = made.certificate.get();
  if (made.key == nullptr || certificate == nullptr || !SetSerial(certificate)) {
    return Failed("cannot make a key");
  }
  X509_set_version(certificate, X509_VERSION_3);
  time_t now = std::chrono::duration_cast<std::chrono::seconds>(contents.unix_now).count();
  X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -kClockSlackSeconds, &now);
  X509_time_adj_ex(X509_getm_notAfter(certificate), contents.days, 0, &now);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(contents.name.data()),
                             static_cast<int>(contents.name.size()), -1, 0);
  X509* const issuer = signer == nullptr ? certificate : signer->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  for (const auto& [nid, value] : contents.extensions) {
    if (!Extend(certificate, issuer, nid, value)) return Failed("cannot make a certificate");
  }
  EVP_PKEY* const key = signer == nullptr ? made.key.get() : signer->key.get();
  if (X509_sign(certificate, key, EVP_sha256()) == 0) return Failed("cannot sign a certificate");
  return made;
}

absl::Status Save(const std::string& folder, const std::string& name, const Signer& made) {
  KLOAD_RETURN_IF_ERROR(Write(PathOf(folder, name + ".key"), PemOf(made.key.get()), 0600));
  return Write(PathOf(folder, name + ".pem"), PemOf(made.certificate.get()), 0644);
}

// IP:10.0.0.1,DNS:load.example
absl::StatusOr<std::string> AlternativeNames(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    const bool strange = host.empty() || host.find_first_of(",:; \t\n/") != std::string::npos;
    if (ParseIp(host).ok()) {
      names += ",IP:" + host;
    } else if (strange) {
      return absl::InvalidArgumentError(fmt::format(
          "--host: \"{}\" is no name and no address such as load.example or 10.0.0.5", host));
    } else {
      names += ",DNS:" + host;
    }
  }
  return names.substr(1);
}

Contents ContentsOf(const CertificateOrder& order, std::string name, const char* usage) {
  return {.name = std::move(name),
          .days = order.days,
          .unix_now = order.unix_now,
          .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                         {NID_key_usage, "critical,digitalSignature"},
                         {NID_ext_key_usage, usage},
                         {NID_authority_key_identifier, "keyid"}}};
}

std::string OwnHostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

absl::StatusOr<Signer> ReadSigner(const std::string& folder) {
  KLOAD_ASSIGN_OR_RETURN(const std::string certificate, Read(PathOf(folder, "ca.pem")));
  KLOAD_ASSIGN_OR_RETURN(const std::string key, Read(PathOf(folder, "ca.key")));
  Signer signer{CertificateOf(certificate), KeyOf(key)};
  if (signer.certificate != nullptr && signer.key != nullptr) return signer;
  return absl::InvalidArgumentError(fmt::format(
      "{}: ca.pem and ca.key are no authority that `kctl certs init` has made", folder));
}

}  // namespace

absl::Status MakeCertificates(const CertificateOrder& order) {
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1"};
  if (const std::string own = OwnHostName(); !own.empty()) hosts.push_back(own);
  hosts.insert(hosts.end(), order.hosts.begin(), order.hosts.end());
  KLOAD_ASSIGN_OR_RETURN(const std::string names, AlternativeNames(hosts));
  std::error_code error;
  std::filesystem::create_directories(order.folder, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("{}: cannot make this folder: {}", order.folder, error.message()));
  }
  Contents authority{.name = "kload cluster authority",
                     .days = order.days * kAuthorityYears,
                     .unix_now = order.unix_now,
                     .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                    {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                    {NID_subject_key_identifier, "hash"}}};
  KLOAD_ASSIGN_OR_RETURN(const Signer ca, Sign(authority, nullptr));
  KLOAD_RETURN_IF_ERROR(Save(order.folder, "ca", ca));
  Contents controller = ContentsOf(order, std::string(kControllerName), "serverAuth");
  controller.extensions.emplace_back(NID_subject_alt_name, names);
  KLOAD_ASSIGN_OR_RETURN(const Signer server, Sign(controller, &ca));
  KLOAD_RETURN_IF_ERROR(Save(order.folder, "controller", server));
  for (const auto& [file, name] :
       {std::pair("agent", kAgentName), std::pair("operator", kOperatorName)}) {
    KLOAD_ASSIGN_OR_RETURN(const Signer client,
                           Sign(ContentsOf(order, std::string(name), "clientAuth"), &ca));
    KLOAD_RETURN_IF_ERROR(Save(order.folder, file, client));
  }
  return absl::OkStatus();
}

absl::Status MakeAgentCertificate(const CertificateOrder& order, const std::string& name) {
  if (name.empty() || name.find_first_of("/\\:\n") != std::string::npos || name[0] == '.') {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is no name of an agent such as rack1", name));
  }
  KLOAD_ASSIGN_OR_RETURN(const Signer ca, ReadSigner(order.folder));
  KLOAD_ASSIGN_OR_RETURN(
      const Signer client,
      Sign(ContentsOf(order, fmt::format("{}:{}", kAgentName, name), "clientAuth"), &ca));
  return Save(order.folder, name, client);
}

absl::StatusOr<Identity> ReadIdentity(const std::string& folder, const std::string& name,
                                      Nanos unix_now) {
  Identity identity;
  for (const auto& [file, text] :
       {std::pair(std::string("ca.pem"), &identity.ca),
        std::pair(name + ".pem", &identity.certificate), std::pair(name + ".key", &identity.key)}) {
    absl::StatusOr<std::string> read = Read(PathOf(folder, file));
    if (!read.ok()) {
      return absl::InvalidArgumentError(fmt::format(
          "{}; `kctl certs init DIR` makes a cluster's certificates", Message(read.status())));
    }
    *text = *std::move(read);
  }
  const std::string path = PathOf(folder, name + ".pem");
  const Certificate authority = CertificateOf(identity.ca);
  const Certificate certificate = CertificateOf(identity.certificate);
  const Key key = KeyOf(identity.key);
  ERR_clear_error();
  if (authority == nullptr || certificate == nullptr || key == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: it, its key or ca.pem holds no PEM certificate and key", path));
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(fmt::format("{}: {}.key is another's key", path, name));
  }
  if (X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("{}: it was not signed by the authority of ca.pem", path));
  }
  time_t now = std::chrono::duration_cast<std::chrono::seconds>(unix_now).count();
  if (X509_cmp_time(X509_get0_notAfter(certificate.get()), &now) < 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: it has expired; make new certificates with `kctl certs init` in another folder",
        path));
  }
  return identity;
}

}  // namespace kload
