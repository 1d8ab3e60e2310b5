// k6/encoding, k6/crypto, k6/timers, and the pure functions below them.
#include <random>

#include "common/k6/binary_text.h"
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- pure ----

TEST(BinaryTextTest, Base64OfTheStandardsExamples) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(EncodeBase64(bytes, Base64::kStd), text);
    EXPECT_EQ(DecodeBase64(text, Base64::kStd), bytes);
  }
  EXPECT_EQ(EncodeBase64("\xfb\xff", Base64::kStd), "+/8=");
  EXPECT_EQ(EncodeBase64("\xfb\xff", Base64::kUrl), "-_8=");
  EXPECT_EQ(EncodeBase64("\xfb\xff", Base64::kRawUrl), "-_8");
  EXPECT_EQ(EncodeBase64("\xfb\xff", Base64::kRawStd), "+/8");
}

TEST(BinaryTextTest, WhatIsEncodedIsDecoded) {
  std::mt19937 random(7);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const Base64 kind : {Base64::kStd, Base64::kRawStd, Base64::kUrl, Base64::kRawUrl}) {
      EXPECT_EQ(DecodeBase64(EncodeBase64(bytes, kind), kind), bytes);
    }
  }
}

TEST(BinaryTextTest, OtherTextIsNoBase64) {
  for (const char* text : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Z*==", "-_8=", " Zg==", "Zm9 v"}) {
    EXPECT_EQ(DecodeBase64(text, Base64::kStd), std::nullopt) << text;
  }
  EXPECT_EQ(DecodeBase64("Zg==", Base64::kRawStd), std::nullopt);
  EXPECT_EQ(DecodeBase64("+/8=", Base64::kUrl), std::nullopt);
  EXPECT_EQ(DecodeBase64("Zm9v\nYmFy\r\n", Base64::kStd), "foobar");
}

TEST(BinaryTextTest, Hex) { EXPECT_EQ(EncodeHex(std::string("\0\x1f\xff", 3)), "001fff"); }

// ---- in scripts ----

class EncodingTest : public ScriptTest {
 protected:
  static inline const std::string kModules =
      "import encoding, { b64encode, b64decode } from 'k6/encoding';"
      "import crypto, { sha256, hmac, createHMAC } from 'k6/crypto';"
      "import { setTimeout as later } from 'k6/timers';";
};

TEST_F(EncodingTest, EncodesAndDecodes) {
  EXPECT_THAT(
      Printed("console.log(b64encode('hällo'));"
              "console.log(encoding.b64encode(new Uint8Array([251, 255]).buffer, 'rawurl'));"
              "console.log(b64decode('aMOkbGxv', 'std', 's'));"
              "console.log(new Uint8Array(b64decode('-_8', 'rawurl')).join());",
              kModules),
      ElementsAre("aMOkbGxv", "-_8", "hällo", "251,255"));
}

TEST_F(EncodingTest, RefusesWhatIsNoEncoding) {
  EXPECT_THAT(Thrown("b64encode('x', 'base32');", kModules), HasSubstr("'base32'"));
  EXPECT_THAT(Thrown("b64decode('x');", kModules), HasSubstr("not base64"));
}

// Digests of "abc" as the algorithms' standards give them.
TEST_F(EncodingTest, Hashes) {
  EXPECT_THAT(
      Printed("console.log(crypto.md5('abc', 'hex')); console.log(crypto.sha1('abc', 'hex'));"
              "console.log(sha256('abc', 'hex')); console.log(crypto.sha512_256('abc', 'hex'));"
              "console.log(sha256('abc', 'base64')); console.log(sha256('abc', 'base64rawurl'));"
              "console.log(new Uint8Array(sha256('abc', 'binary')).length);"
              "console.log(crypto.createHash('md5').update('a').update('bc').digest('hex'));",
              kModules),
      ElementsAre("900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
                  "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
                  "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", "32",
                  "900150983cd24fb0d6963f7d28e17f72"));
}

// Test case 2 of RFC 4231.
TEST_F(EncodingTest, Hmacs) {
  const std::string expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  EXPECT_THAT(Printed("console.log(hmac('sha256', 'Jefe', 'what do ya want for nothing?', 'hex'));"
                      "const h = createHMAC('sha256', 'Jefe'); h.update('what do ya want ');"
                      "h.update('for nothing?'); console.log(h.digest('hex'));",
                      kModules),
              ElementsAre(expected, expected));
}

TEST_F(EncodingTest, CryptoRefuses) {
  EXPECT_THAT(Thrown("hmac('sha3', 'a', 'b', 'hex');", kModules), HasSubstr("'sha3'"));
  EXPECT_THAT(Thrown("sha256('a', 'hexx');", kModules), HasSubstr("'hexx'"));
  EXPECT_THAT(Thrown("crypto.randomBytes(0);", kModules), HasSubstr("randomBytes()"));
  EXPECT_THAT(Thrown("crypto.createHash('md5').update.call({}, 'a');", kModules),
              HasSubstr("TypeError"));
}

TEST_F(EncodingTest, RandomBytesAndHex) {
  EXPECT_THAT(Printed("console.log(crypto.randomBytes(16).byteLength);"
                      "console.log(crypto.hexEncode(new Uint8Array([0, 31, 255])));",
                      kModules),
              ElementsAre("16", "001fff"));
}

TEST_F(EncodingTest, TimersAreAModuleToo) {
  EXPECT_THAT(Printed("later(() => console.log('later'), 1); console.log('now');", kModules),
              ElementsAre("now", "later"));
}

}  // namespace
}  // namespace kload::k6
