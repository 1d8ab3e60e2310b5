#include "common/security/tokens.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"
#include "common/security/loopback.h"

namespace kload {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TokensTest, AreFoundByTheirHash) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("kload-tokens-{}", getpid())).string();
  std::filesystem::remove(path);
  const std::string viewer = *NewToken();
  const std::string boss = *NewToken();
  EXPECT_NE(viewer, boss);
  EXPECT_EQ(viewer.size(), 6 + 64U);
  ASSERT_TRUE(AddToken(path, viewer, Role::kViewer, "grafana").ok());
  ASSERT_TRUE(AddToken(path, boss, Role::kOperator, "").ok());
  EXPECT_FALSE(AddToken(path, boss, Role::kOperator, "two words").ok());
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, Not(HasSubstr(viewer)));
  const auto tokens = Tokens::Read(path);
  ASSERT_TRUE(tokens.ok()) << Message(tokens.status());
  EXPECT_EQ(tokens->Find(viewer), Role::kViewer);
  EXPECT_EQ(tokens->Find(boss), Role::kOperator);
  EXPECT_EQ(tokens->Find(""), std::nullopt);
  EXPECT_EQ(tokens->Find(viewer + "0"), std::nullopt);
  EXPECT_EQ(tokens->Find(viewer.substr(0, 20)), std::nullopt);
  std::filesystem::remove(path);
  EXPECT_EQ(Tokens::Read(path).status().code(), absl::StatusCode::kNotFound);
}

TEST(TokensTest, SayWhatIsWrongWithALine) {
  const auto wrong = [](const std::string& text) {
    return Message(Tokens::Parse(text, "tokens").status());
  };
  EXPECT_THAT(wrong("# nobody\n\nking 00 x\n"), HasSubstr("tokens:3: \"king\" is no role"));
  EXPECT_THAT(wrong("viewer abc x\n"), HasSubstr("tokens:1: expected ROLE SHA256 NAME"));
  EXPECT_TRUE(Tokens::Parse("", "tokens")->empty());
}

TEST(LoopbackTest, StaysOnThisMachine) {
  for (const char* here : {"127.0.0.1:7070", "127.9.9.9:0", "localhost:1", "[::1]:7070"}) {
    EXPECT_TRUE(IsLoopback(here)) << here;
  }
  for (const char* away : {"0.0.0.0:7070", "10.0.0.1:7070", "[::]:7070", "load.example:7070", ""}) {
    EXPECT_FALSE(IsLoopback(away)) << away;
  }
}

}  // namespace
}  // namespace kload
