#include "common/k6/secrets.h"

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SecretsTest : public ScriptTest {
 protected:
  SecretsTest() {
    settings_.secrets = std::make_shared<const Secrets>(std::vector<SecretSource>{
        {"vault", {{"token", "abc"}, {"empty", ""}}}, {"other", {{"token", "xyz"}}}});
  }
  static constexpr char kImport[] = "import secrets from 'k6/secrets';";
};

TEST_F(SecretsTest, GivesThemToScripts) {
  EXPECT_THAT(Printed("return (async () => { console.log(await secrets.get('token'),"
                      " await secrets.source('other').get('token')); })();",
                      kImport),
              ElementsAre("abc xyz"));
}

TEST_F(SecretsTest, SaysWhatIsMissing) {
  EXPECT_THAT(Thrown("return secrets.get('none');", kImport),
              HasSubstr("the source 'vault' has no secret 'none'"));
  EXPECT_THAT(Thrown("return secrets.source('nobody').get('x');", kImport),
              HasSubstr("no secret source is named 'nobody'"));
  settings_.secrets = nullptr;
  EXPECT_THAT(Thrown("return secrets.get('x');", kImport), HasSubstr("--secret-source file=PATH"));
  EXPECT_THAT(Message(TryLoad(std::string(kImport) + "secrets.get('token');")),
              HasSubstr("secrets.get() is only available in setup"));
}

TEST(Secrets, AreRedacted) {
  const Secrets secrets({{"a", {{"1", "key"}, {"2", "keyhole"}, {"3", ""}}}});
  EXPECT_EQ(secrets.Redact("a keyhole, a key: keykey"),
            "a ***SECRET_REDACTED***, a ***SECRET_REDACTED***: "
            "***SECRET_REDACTED******SECRET_REDACTED***");
  EXPECT_EQ(Secrets({}).Redact("text"), "text");
}

}  // namespace
}  // namespace kload::k6
