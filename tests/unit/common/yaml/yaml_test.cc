#include "common/yaml/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload {
namespace {

using ::testing::HasSubstr;

TEST(Yaml, ValuesKnowWhereTheyStand) {
  const auto root = ParseYaml("a: 1\nb:\n  - x\n  - {c: \"2\"}\n", "t.yml");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_NE(root->Find("a"), nullptr);
  EXPECT_EQ(root->Find("a")->scalar, "1");
  EXPECT_FALSE(root->Find("a")->quoted);
  const Yaml& list = *root->Find("b");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].line, 3);
  EXPECT_EQ(list.items[0].column, 5);
  EXPECT_EQ(list.items[1].Find("c")->scalar, "2");
  EXPECT_TRUE(list.items[1].Find("c")->quoted);
  EXPECT_EQ(root->Find("missing"), nullptr);
}

TEST(Yaml, MembersKeepTheirOrder) {
  const auto root = ParseYaml("z: 1\na: 2\nm: 3\n", "t.yml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->members[0].first, "z");
  EXPECT_EQ(root->members[2].first, "m");
}

TEST(Yaml, ErrorsNameThePlace) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"a: [1, 2\n", "t.yml:"},
           {"a: 1\na: 2\n", "t.yml:2:1: \"a\" is there twice"},
           {"? [x]\n: 1\n", "t.yml:1:3: the key is not a plain text"},
           {"a: *nobody\n", "t.yml:1:"}}) {
    const auto root = ParseYaml(text, "t.yml");
    ASSERT_FALSE(root.ok()) << text;
    EXPECT_THAT(Message(root.status()), HasSubstr(message));
  }
}

TEST(Yaml, ASmallFileCannotBecomeALargeValue) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    text += "]\n";
  }
  const auto root = ParseYaml(text, "bomb.yml");
  ASSERT_FALSE(root.ok());
  EXPECT_THAT(Message(root.status()), HasSubstr("has more values than fit"));
}

TEST(Yaml, AnEmptyFileIsNull) {
  const auto root = ParseYaml("# nothing\n", "t.yml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->kind, Yaml::Kind::kNull);
}

}  // namespace
}  // namespace kload
