#include "kctl/dotenv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::map<std::string, std::string> Parsed(std::string_view text) {
  const auto variables = ParseDotenv(text, "a.env");
  EXPECT_TRUE(variables.ok()) << variables.status();
  return variables.value_or(std::map<std::string, std::string>{});
}

TEST(ParseDotenv, ReadsLines) {
  EXPECT_THAT(Parsed("A=1\n\n# note\nexport B = two words \r\nC=\n  D=x=y\n"),
              ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", ""), Pair("D", "x=y")));
  EXPECT_THAT(Parsed(""), IsEmpty());
  EXPECT_THAT(Parsed("A=1\nA=2"), ElementsAre(Pair("A", "2")));
}

TEST(ParseDotenv, CommentsBeginAfterASpace) {
  EXPECT_THAT(Parsed("A=1 # one\nB=a#b\nC=#nothing\nD=\"x # y\" # z"),
              ElementsAre(Pair("A", "1"), Pair("B", "a#b"), Pair("C", ""), Pair("D", "x # y")));
}

TEST(ParseDotenv, QuotesKeepWhatIsInside) {
  EXPECT_THAT(Parsed(R"(A="a\nb\t\"c\" \$d \\")"), ElementsAre(Pair("A", "a\nb\t\"c\" $d \\")));
  EXPECT_THAT(Parsed(R"(A='a\n "b" $c')"), ElementsAre(Pair("A", R"(a\n "b" $c)")));
  EXPECT_THAT(Parsed("A=\"x\ny\"\nB=' z '\n"), ElementsAre(Pair("A", "x\ny"), Pair("B", " z ")));
  EXPECT_THAT(Parsed("A=it's"), ElementsAre(Pair("A", "it's")));
}

TEST(ParseDotenv, NamesTheLineThatIsWrong) {
  const auto error = [](std::string_view text) {
    return Message(ParseDotenv(text, "a.env").status());
  };
  EXPECT_EQ(error("A=1\nnonsense\n"), "a.env:2: the line is not NAME=VALUE");
  EXPECT_THAT(error("A=\"1\n2\"\n\n1B=x"), HasSubstr("a.env:4: \"1B\" is not a variable's name"));
  EXPECT_THAT(error("=x"), HasSubstr("a.env:1: \"\""));
  EXPECT_THAT(error("A='x\n"), HasSubstr("a.env:1: the quote ' is not closed"));
  EXPECT_THAT(error("A='x' y"), HasSubstr("a.env:1: something follows the closing quote"));
}

TEST(ReadEnvFiles, LaterFilesWin) {
  const std::string one = testing::TempDir() + "/one.env";
  const std::string two = testing::TempDir() + "/two.env";
  std::ofstream(one) << "A=1\nB=1\n";
  std::ofstream(two) << "B=2\n";
  EXPECT_THAT(ReadEnvFiles({one, two}).value(), ElementsAre(Pair("A", "1"), Pair("B", "2")));
  EXPECT_THAT(ReadEnvFiles({}).value(), IsEmpty());
  EXPECT_THAT(Message(ReadEnvFiles({one, "/no/such.env"}).status()),
              HasSubstr("--env-file: cannot read /no/such.env: No such file"));
}

}  // namespace
}  // namespace kload::kctl
