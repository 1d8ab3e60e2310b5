#include "common/yaml/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/status.h"

namespace kload::yaml {
namespace {

using testing::HasSubstr;

std::string JsonOf(std::string_view yaml) {
  const absl::StatusOr<Value> value = ParseDocument(yaml, "t.yml");
  return value.ok() ? ToJson(*value).dump() : Message(value.status());
}

TEST(DocumentTest, ScalarsAreThoseOfTheCoreSchema) {
  EXPECT_EQ(
      JsonOf(
          "[1, -2, 0x10, 0o17, 1.5, .5, 1e3, yes, true, False, null, ~, , '1', \"true\", 1.2.3]"),
      R"([1,-2,16,15,1.5,0.5,1000.0,"yes",true,false,null,null,null,"1","true","1.2.3"])");
}

TEST(DocumentTest, AnchorsAndMergeKeys) {
  EXPECT_EQ(JsonOf("base: &b {a: 1, b: 2}\nuse: {<<: *b, b: 3}\nlist: {<<: [*b, {c: 4}]}\n"),
            R"({"base":{"a":1,"b":2},"use":{"b":3,"a":1},"list":{"a":1,"b":2,"c":4}})");
}

TEST(DocumentTest, JsonIsYaml) {
  EXPECT_EQ(JsonOf(R"({"a": [1, "x"], "b": {"c": null}})"), R"({"a":[1,"x"],"b":{"c":null}})");
}

TEST(DocumentTest, ValuesKnowTheirPlace) {
  const absl::StatusOr<Value> value = ParseDocument("a:\n  - b: 1\n    c: 2\n", "t.yml");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(ToString(value->Find("a")->items[0].Find("c")->place), "t.yml:3:8");
  EXPECT_EQ(ToString(value->Find("a")->items[0].members[1].place), "t.yml:3:5");
}

TEST(DocumentTest, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(JsonOf("a: [1,\nb: 2\n"), HasSubstr("t.yml:3:1: not valid YAML: end of sequence"));
  EXPECT_EQ(JsonOf("a: 1\na: 2\n"), "t.yml:2:1: the key \"a\" is there twice");
  EXPECT_EQ(JsonOf("? [a]\n: 1\n"), "t.yml:1:3: a key must be a text");
  EXPECT_THAT(JsonOf("a: *none\n"), HasSubstr("t.yml:1:"));
  EXPECT_EQ(JsonOf("--- 1\n--- 2\n"), "t.yml: has 2 YAML documents; a test is one");
}

TEST(DocumentTest, NothingGrowsWithoutBound) {
  std::string deep(500, '[');
  EXPECT_THAT(JsonOf(deep + std::string(500, ']')), HasSubstr("too deep"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(JsonOf(bomb), HasSubstr("too many values"));
}

TEST(DocumentTest, MergingKeepsWhatIsNotReplaced) {
  Value value = *ParseDocument("a: {x: 1, y: 2}\nlist: [1, 2]\n", "t.yml");
  MergeOver(value, *ParseDocument("a: {y: 3}\nlist: [4]\nnew: 5\n", "o.yml"));
  EXPECT_EQ(ToJson(value).dump(), R"({"a":{"x":1,"y":3},"list":[4],"new":5})");
}

}  // namespace
}  // namespace kload::yaml
