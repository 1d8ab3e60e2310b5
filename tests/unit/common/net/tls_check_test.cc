#include "common/net/tls_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "common/net/tls_material.h"
#include "tests/unit/agent/http/certificate.h"

namespace kload {
namespace {

using testing::HasSubstr;

TEST(TlsCheckTest, TakesACertificateWithItsKey) {
  const agent::Authority authority;
  const agent::PemPair pair = authority.Client("someone");
  EXPECT_TRUE(CheckCertificate(pair.cert).ok());
  EXPECT_TRUE(CheckPrivateKey(pair.cert, pair.key, "").ok());
  EXPECT_EQ(ReadCertificates(pair.cert + pair.cert)->size(), 2U);
}

TEST(TlsCheckTest, RefusesWhatIsNone) {
  const agent::Authority authority;
  const agent::PemPair pair = authority.Client("someone");
  EXPECT_THAT(Message(CheckCertificate("client.pem")), HasSubstr("open() its file"));
  EXPECT_FALSE(CheckCertificate("").ok());
  EXPECT_FALSE(CheckCertificate(pair.cert.substr(0, pair.cert.size() / 2)).ok());
  std::string damaged = pair.cert + pair.cert;
  damaged[pair.cert.size() + 60] = '!';
  EXPECT_FALSE(CheckCertificate(damaged).ok());
  EXPECT_THAT(Message(CheckPrivateKey(pair.cert, pair.cert, "")), HasSubstr("private key"));
  EXPECT_THAT(Message(CheckPrivateKey(pair.cert, authority.Client("other").key, "")),
              HasSubstr("does not belong"));
}

TEST(TlsCheckTest, OpensAnEncryptedKeyWithItsPassword) {
  const agent::Authority authority;
  const agent::PemPair pair = authority.Client("someone", "sesame");
  EXPECT_TRUE(CheckPrivateKey(pair.cert, pair.key, "sesame").ok());
  EXPECT_THAT(Message(CheckPrivateKey(pair.cert, pair.key, "")), HasSubstr("give its `password`"));
  EXPECT_THAT(Message(CheckPrivateKey(pair.cert, pair.key, "open")), HasSubstr("does not open"));
}

TEST(TlsCheckTest, KnowsCipherSuitesByTheirIanaNames) {
  EXPECT_TRUE(CheckCipherSuite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").ok());
  EXPECT_TRUE(CheckCipherSuite("TLS_RSA_WITH_AES_256_CBC_SHA").ok());
  EXPECT_TRUE(CheckCipherSuite("TLS_AES_128_GCM_SHA256").ok());
  for (const char* name : {"", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_NOTHING", "ALL"}) {
    EXPECT_THAT(Message(CheckCipherSuite(name)), HasSubstr("such as TLS_ECDHE")) << name;
  }
}

TEST(TlsCheckTest, MakesOpenSslsList) {
  EXPECT_EQ(CipherList({"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256",
                        "TLS_RSA_WITH_AES_128_CBC_SHA"}),
            "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA");
  EXPECT_EQ(CipherList({"TLS_AES_128_GCM_SHA256"}), "");
}

}  // namespace
}  // namespace kload
