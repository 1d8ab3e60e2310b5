// Who wins: config < options < environment < flags, and what describes the load is one group.
#include "controller/script/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Texts {
  std::string config = "";
  std::string options = "";
  std::string environment = "";
  std::string flags = "";
};

class LayersTest : public testing::Test {
 protected:
  Layers Lay(const Texts& texts) {
    return Layers({{"config", texts.config},
                   {"options", texts.options},
                   {"environment", texts.environment},
                   {"flags", texts.flags}},
                  problems_);
  }
  // The merged options as one line.
  std::string Merged(const Texts& texts) { return Lay(texts).merged().dump(); }

  Problems problems_;
};

TEST_F(LayersTest, TheStrongerLayerWins) {
  Texts texts{.config = R"({"maxRedirects":1,"userAgent":"config"})"};
  EXPECT_EQ(Merged(texts), R"({"maxRedirects":1,"userAgent":"config"})");
  texts.options = R"({"maxRedirects":2})";
  texts.environment = R"({"maxRedirects":3,"rps":5})";
  const Layers layers = Lay(texts);
  EXPECT_EQ(layers.merged().dump(), R"({"maxRedirects":3,"rps":5,"userAgent":"config"})");
  EXPECT_EQ(layers.PathOf("maxRedirects"), "environment.maxRedirects");
  EXPECT_EQ(layers.PathOf("userAgent"), "config.userAgent");
  EXPECT_EQ(layers.PathOf("vus"), "options.vus");
  texts.flags = R"({"maxRedirects":4})";
  EXPECT_EQ(*Lay(texts).Find("maxRedirects"), 4);
  EXPECT_TRUE(problems_.status().ok());
  EXPECT_THAT(problems_.warnings(), IsEmpty());
}

TEST_F(LayersTest, ObjectsAreReplacedAsAWhole) {
  EXPECT_EQ(Merged({.options = R"({"tags":{"a":"1"},"thresholds":{"checks":["rate>0.9"]}})",
                    .environment = R"({"thresholds":{"http_reqs":["count>1"]}})",
                    .flags = R"({"tags":{"b":"2"}})"}),
            R"({"tags":{"b":"2"},"thresholds":{"http_reqs":["count>1"]}})");
}

TEST_F(LayersTest, NullAndEmptyListsAreAbsent) {
  EXPECT_EQ(Merged({.config = R"({"vus":2})", .options = R"({"vus":null,"stages":[]})"}),
            R"({"vus":2})");
  EXPECT_THAT(problems_.warnings(), ElementsAre("options.stages: is empty, it is ignored"));
}

struct Exclusive {
  const char* name;
  Texts texts;
  const char* merged;
  const char* warning;  // "" for none
};
// How the test is listed.
void PrintTo(const Exclusive& each, std::ostream* out) { *out << each.name; }

class ExclusiveTest : public LayersTest, public testing::WithParamInterface<Exclusive> {};

TEST_P(ExclusiveTest, OneLayerDescribesTheLoad) {
  EXPECT_EQ(Merged(GetParam().texts), GetParam().merged);
  if (std::string(GetParam().warning).empty()) {
    EXPECT_THAT(problems_.warnings(), IsEmpty());
  } else {
    EXPECT_THAT(problems_.warnings(), ElementsAre(GetParam().warning));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Load, ExclusiveTest,
    testing::Values(
        Exclusive{"ScriptOverConfig",
                  {.config = R"({"duration":"9s","vus":4})", .options = R"({"iterations":3})"},
                  R"({"iterations":3,"vus":4})",
                  ""},
        Exclusive{"EnvironmentOverScript",
                  {.options = R"({"stages":[{"duration":"1s","target":1}]})",
                   .environment = R"({"duration":"5s"})"},
                  R"({"duration":"5s"})",
                  ""},
        Exclusive{"FlagOverEnvironment",
                  {.environment = R"({"duration":"5s"})", .flags = R"({"iterations":1})"},
                  R"({"iterations":1})",
                  ""},
        Exclusive{
            "FlagOverScenarios",
            {.options = R"({"scenarios":{"a":{}}})", .flags = R"({"iterations":1})"},
            R"({"iterations":1})",
            "options.scenarios: they are replaced: flags.iterations describes the whole load"},
        Exclusive{"ALoneVusOverScenarios",
                  {.options = R"({"scenarios":{"a":{}}})", .environment = R"({"vus":3})"},
                  R"({"vus":3})",
                  "options.scenarios: they are replaced: environment.vus describes the whole load"},
        Exclusive{"ALoneVusKeepsADuration",
                  {.options = R"({"duration":"3s"})", .flags = R"({"vus":3})"},
                  R"({"duration":"3s","vus":3})",
                  ""},
        Exclusive{"VusBesideScenariosOfOneLayer",
                  {.options = R"({"scenarios":{"a":{}},"vus":3})"},
                  R"({"scenarios":{"a":{}},"vus":3})",
                  ""}),
    [](const auto& info) { return info.param.name; });

TEST_F(LayersTest, ALayerThatIsNoObjectIsNamed) {
  Lay({.config = "[1]", .environment = "{"});
  EXPECT_EQ(problems_.status().message(), "config: [1] is not an object\nenvironment: is not JSON");
}

}  // namespace
}  // namespace kload::controller
