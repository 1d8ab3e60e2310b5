// Certificates made on the spot, for servers of tests.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace kload::agent {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using ServerTls = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

// A certificate and its key as PEM texts.
struct PemPair {
  std::string cert;
  std::string key;
};

// A certificate authority of its own.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // A PEM file with its certificate, removed with it.
  const std::string& file() const { return file_; }
  // A server for `names` ("DNS:localhost,IP:127.0.0.1"); expired since yesterday if `expired`.
  ServerTls Serve(const std::string& names, bool expired = false) const;
  // Of a client with that name; the key is encrypted if `password` is not empty.
  PemPair Client(const std::string& common_name, const std::string& password = "") const;

 private:
  Key key_;
  Certificate certificate_;
  std::string file_;
};

}  // namespace kload::agent
