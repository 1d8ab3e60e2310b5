#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// openssl req -x509 -newkey rsa:1024 -subj "/C=NL/ST=Utrecht/L=Utrecht/O=Kload/OU=Load/OU=Tests/CN=shop.example"
//   -addext "subjectAltName=DNS:shop.example,IP:127.0.0.1,email:a@b.example"
constexpr char kCertificate[] =
    "import x509 from 'k6/crypto/x509'; const pem = '"
    "-----BEGIN CERTIFICATE-----\\n"
    "MIIC9jCCAl+gAwIBAgIUKnIq+wBG3BDBAJsCbPaIjYyoRzkwDQYJKoZIhvcNAQEL\\n"
    "BQAwdzELMAkGA1UEBhMCTkwxEDAOBgNVBAgMB1V0cmVjaHQxEDAOBgNVBAcMB1V0\\n"
    "cmVjaHQxDjAMBgNVBAoMBUtsb2FkMQ0wCwYDVQQLDARMb2FkMQ4wDAYDVQQLDAVU\\n"
    "ZXN0czEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMB4XDTI2MTEyNTEzMDgwMloXDTM2\\n"
    "MTEyMjEzMDgwMlowdzELMAkGA1UEBhMCTkwxEDAOBgNVBAgMB1V0cmVjaHQxEDAO\\n"
    "BgNVBAcMB1V0cmVjaHQxDjAMBgNVBAoMBUtsb2FkMQ0wCwYDVQQLDARMb2FkMQ4w\\n"
    "DAYDVQQLDAVUZXN0czEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMIGfMA0GCSqGSIb3\\n"
    "DQEBAQUAA4GNADCBiQKBgQD3q6vkRWe3kC5r2/OwFCqF59A/ZmdR0xcwzFqkff9q\\n"
    "IRYAJM1CQKpN+hkyOeK9DMp9PERvMN/3Aa5b4yScsUtu5JD3j1XQI+G3CAGkZZtw\\n"
    "v5bnGmfINoL+UepipZGePDdqqQzMH1wicNZi/E+3MD4DF4Wi0jITCY5xVPjfzw0T\\n"
    "bQIDAQABo38wfTAdBgNVHQ4EFgQUeKvTCGBu8hRaPZ/y9WS/XOm6itcwHwYDVR0j\\n"
    "BBgwFoAUeKvTCGBu8hRaPZ/y9WS/XOm6itcwDwYDVR0TAQH/BAUwAwEB/zAqBgNV\\n"
    "HREEIzAhggxzaG9wLmV4YW1wbGWHBH8AAAGBC2FAYi5leGFtcGxlMA0GCSqGSIb3\\n"
    "DQEBCwUAA4GBALfKsUnTUPVJe3zyr3sJB3Qpoq7gd+Dg0GpcYwMdDG5CWgBlVwso\\n"
    "8WBV1Y5slge/YA58gXuBtxZc1ec7f2tDxSIzs84w5dlCsuO/u0c3CiSjUGPnz84P\\n"
    "p1yuowiFZ+d/pcS0n/0rstOpgL3e+ZDDlBpI3QhYjYtYS0gmSrHKol+k\\n"
    "-----END CERTIFICATE-----\\n"
    "';";

TEST_F(ScriptTest, X509Parse) {
  EXPECT_THAT(
      Printed("const c = x509.parse(pem); console.log(c.subject.commonName, c.subject.country,"
              " c.subject.organizationalUnitName, c.subject.postalCode, c.issuer.organizationName,"
              " c.issuer.locality, 'postalCode' in c.issuer);"
              "console.log(c.notBefore, c.notAfter, c.altNames, c.signatureAlgorithm);"
              "console.log(c.fingerPrint.join()); console.log(c.publicKey.algorithm,"
              " c.publicKey.key.e, c.publicKey.key.n.length, c.subject.names[0]);",
              kCertificate),
      ElementsAre("shop.example NL [ 'Load', 'Tests' ]  Kload Utrecht false",
                  "2026-11-25T13:08:02Z 2036-11-22T13:08:02Z [ 'shop.example', '127.0.0.1', "
                  "'a@b.example' ] SHA256-RSA",
                  "213,23,220,7,207,178,20,68,67,81,191,209,183,168,68,191,240,216,145,166",
                  "RSA 65537 256 { type: '2.5.4.6', value: 'NL' }"));
}

TEST_F(ScriptTest, X509Parts) {
  EXPECT_THAT(Printed("console.log(x509.getAltNames(pem).length, x509.getSubject(pem).locality,"
                      " x509.getIssuer(pem).commonName);",
                      kCertificate),
              ElementsAre("3 Utrecht shop.example"));
  EXPECT_THAT(Thrown("x509.parse('text');", kCertificate), HasSubstr("no certificate in PEM form"));
}

}  // namespace
}  // namespace kload::k6
