#include "agent/http/digest_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr DigestRequest kMufasa = {"GET", "/dir/index.html", "Mufasa", "Circle of Life"};
constexpr char kCnonce[] = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

std::optional<DigestChallenge> Find(const char* header) {
  return FindDigestChallenge({{"X", "y"}, {"www-authenticate", header}});
}

// The examples of RFC 7616, section 3.9.1.
TEST(DigestAuthTest, AnswersTheExamplesOfTheStandard) {
  const auto md5 = Find(
      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
  ASSERT_TRUE(md5);
  const DigestRequest request = {"GET", "/dir/index.html", "Mufasa", "Circle of Life"};
  const std::string header = DigestAuthorization(*md5, request, kCnonce);
  EXPECT_THAT(header, HasSubstr("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
  EXPECT_THAT(header, HasSubstr("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
  EXPECT_THAT(header, HasSubstr("qop=auth, nc=00000001"));
  DigestChallenge sha = *md5;
  sha.algorithm = "SHA-256";
  EXPECT_THAT(DigestAuthorization(sha, request, kCnonce),
              HasSubstr("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6"
                        "c1\""));
}

// The example of RFC 2069 as corrected, without qop.
TEST(DigestAuthTest, AnswersWithoutQop) {
  DigestChallenge challenge;
  challenge.realm = "testrealm@host.com";
  challenge.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  const std::string header =
      DigestAuthorization(challenge, {"GET", "/dir/index.html", "Mufasa", "CircleOfLife"}, "x");
  EXPECT_THAT(header, HasSubstr("response=\"1949323746fe6a43ef61f9606e7febea\""));
  EXPECT_THAT(header, Not(HasSubstr("qop")));
  EXPECT_THAT(header, Not(HasSubstr("cnonce")));
}

TEST(DigestAuthTest, FindsItsChallengeAmongOthers) {
  EXPECT_EQ(Find("Basic realm=\"a\", Digest realm=\"b\\\"c\", nonce=n, qop=auth")->realm, "b\"c");
  EXPECT_EQ(Find("digest nonce=\"n\", algorithm=md5-sess")->algorithm, "MD5-SESS");
  for (const char* header : {"", "Basic realm=\"Digest \"", "Digest", "Digest realm=\"a\"",
                             "Digest nonce=\"n\", algorithm=SHA-512",
                             "Digest nonce=\"n\", qop=auth-int", "NotDigest nonce=\"n\""}) {
    EXPECT_FALSE(Find(header)) << header;
  }
}

TEST(DigestAuthTest, NothingIsSmuggledThroughQuotes) {
  DigestChallenge challenge;
  challenge.nonce = "a\"b";
  EXPECT_THAT(DigestAuthorization(challenge, kMufasa, "c"), HasSubstr("nonce=\"a\\\"b\""));
  EXPECT_EQ(NewClientNonce().size(), 32U);
  EXPECT_NE(NewClientNonce(), NewClientNonce());
}

}  // namespace
}  // namespace kload::agent
