#include "kctl/secret_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Problem(const std::vector<std::string>& flags) {
  return Message(ReadSecretSources(flags).status());
}

TEST(SecretSource, Mock) {
  const auto sources = ReadSecretSources({"mock=a=1,b=\"x,y=z\""});
  ASSERT_TRUE(sources.ok()) << Message(sources.status());
  ASSERT_EQ(sources->size(), 1u);
  EXPECT_EQ(sources->front().name(), "mock");
  EXPECT_EQ(sources->front().values().at("a"), "1");
  EXPECT_EQ(sources->front().values().at("b"), "x,y=z");
}

TEST(SecretSource, FilesAndTheDefault) {
  std::string folder = (std::filesystem::temp_directory_path() / "kload-secrets-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/s.secret";
  std::ofstream(path) << "token=a=b\n\nuser=ann\r\n";
  const auto sources =
      ReadSecretSources({"mock=name=first,k=v", "file=default,name=vault,filename=" + path});
  ASSERT_TRUE(sources.ok()) << Message(sources.status());
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ(sources->at(0).name(), "vault");
  EXPECT_EQ(sources->at(0).values().at("token"), "a=b");
  EXPECT_EQ(sources->at(0).values().at("user"), "ann");
  EXPECT_EQ(sources->at(1).name(), "first");
  EXPECT_EQ(ReadSecretSources({"file=" + path})->front().values().size(), 2u);

  std::ofstream(path) << "hush=1\nwhisper\n";
  EXPECT_THAT(Problem({"file=" + path}), HasSubstr("s.secret:2: not KEY=VALUE"));
  EXPECT_THAT(Problem({"file=" + path}), Not(HasSubstr("whisper")));
  std::filesystem::remove_all(folder);
}

TEST(SecretSource, MistakesAreNamed) {
  EXPECT_THAT(Problem({"vault=x"}), HasSubstr("neither mock nor file"));
  EXPECT_THAT(Problem({"url=http://x"}), HasSubstr("url are not available in kload"));
  EXPECT_THAT(Problem({"mock"}), HasSubstr("mock needs ="));
  EXPECT_THAT(Problem({"mock=a"}), HasSubstr("an entry has no ="));
  EXPECT_THAT(Problem({"mock=a=\"b"}), HasSubstr("a quote is not closed"));
  EXPECT_THAT(Problem({"file=/no/such/file"}), HasSubstr("cannot read /no/such/file"));
  EXPECT_THAT(Problem({"mock=a=1", "mock=b=2"}), HasSubstr("two sources are named 'mock'"));
  EXPECT_THAT(Problem({"mock=a=1", "mock=name=x,b=2"}), HasSubstr("exactly one"));
}

TEST(SecretSource, ArgumentsAreOverwritten) {
  char program[] = "kctl";
  char joined[] = "--secret-source=mock=a=1";
  char flag[] = "--secret-source";
  char value[] = "mock=b=2";
  char file[] = "--secret-source=file=path";
  char* argv[] = {program, joined, flag, value, file, nullptr};
  HideSecrets(5, argv);
  EXPECT_STREQ(joined, "--secret-source=mock=***");
  EXPECT_STREQ(value, "mock=***");
  EXPECT_STREQ(file, "--secret-source=file=path");
}

}  // namespace
}  // namespace kload::kctl
