#include "common/k6/bundle.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

class BundleTest : public ::testing::Test {
 protected:
  BundleTest() {
    std::string folder = (fs::temp_directory_path() / "kload-bundle-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~BundleTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string Write(const std::string& name, const std::string& content) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path.string();
  }

  fs::path folder_;
};

TEST_F(BundleTest, HoldsImportsAndOpenedFilesBelowTheCommonFolder) {
  const std::string script =
      Write("tests/main.js",
            "import { a } from './lib/a.js'; const d = open('../data/d.txt');\n"
            "export default function () { console.log(a, d); }");
  Write("tests/lib/a.js", "export const a = open('../a.txt') + __ENV.X;");
  Write("tests/a.txt", "text");
  Write("data/d.txt", "data");
  Write("tests/unused.js", "");
  const auto bundle = BundleFromDisk(script, {{"X", "!"}});
  ASSERT_TRUE(bundle.ok()) << Message(bundle.status());
  EXPECT_EQ(bundle->main, "tests/main.js");
  EXPECT_THAT(bundle->files, ElementsAre(Key("data/d.txt"), Key("tests/a.txt"),
                                         Key("tests/lib/a.js"), Key("tests/main.js")));

  // What was bundled runs without the disk.
  FakeHost host;
  ScriptSettings settings;
  settings.env = std::make_shared<const std::map<std::string, std::string>>(
      std::map<std::string, std::string>{{"X", "?"}});
  const auto compiled = CompiledScript::Compile(*bundle);
  ASSERT_TRUE(compiled.ok()) << Message(compiled.status());
  const auto instance = ScriptInstance::Create(*compiled, host, settings);
  ASSERT_TRUE(instance.ok()) << Message(instance.status());
  (*instance)->CallIteration("default", 0);
  EXPECT_THAT(host.texts(), ElementsAre("text? data"));
}

TEST_F(BundleTest, OfOneFileTellsNothingAboutTheMachine) {
  const auto bundle = BundleFromDisk(Write("only.js", "export default function () {}"), {});
  ASSERT_TRUE(bundle.ok());
  EXPECT_EQ(bundle->main, "only.js");
  EXPECT_THAT(bundle->files, ElementsAre(Key("only.js")));
}

TEST_F(BundleTest, AbsolutePathsStay) {
  const std::string data = Write("elsewhere/d.txt", "data");
  const auto bundle =
      BundleFromDisk(Write("main.js", "open('" + data + "'); export default function () {}"), {});
  ASSERT_TRUE(bundle.ok());
  EXPECT_THAT(bundle->files, ElementsAre(Key(data), Key("main.js")));
}

TEST_F(BundleTest, MissingThingsAreNamed) {
  const auto script = BundleFromDisk((folder_ / "no.js").string(), {});
  EXPECT_EQ(script.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(script.status()), HasSubstr("no.js"));

  const auto import =
      BundleFromDisk(Write("a.js", "\nimport './nowhere.js'; export default function () {}"), {});
  EXPECT_EQ(import.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(import.status()), HasSubstr("a.js:2:1: "));
  EXPECT_THAT(Message(import.status()), HasSubstr((folder_ / "nowhere.js").string()));

  const auto opened =
      BundleFromDisk(Write("b.js", "\n\nopen('users.csv'); export default function () {}"), {});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(opened.status()), HasSubstr((folder_ / "users.csv").string()));
  EXPECT_THAT(Message(opened.status()), HasSubstr("b.js:3:"));
}

TEST_F(BundleTest, InitCodeThatThrows) {
  const auto bundle = BundleFromDisk(Write("c.js", "throw new Error('no');"), {});
  EXPECT_EQ(bundle.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(bundle.status()), HasSubstr("Error: no"));
}

TEST(HashOf, DependsOnEveryByteAndBoundary) {
  const Bundle bundle{.main = "a", .files = {{"a", "bc"}}};
  EXPECT_EQ(HashOf(bundle), HashOf({.main = "a", .files = {{"a", "bc"}}}));
  EXPECT_EQ(HashOf(bundle).size(), 64u);
  EXPECT_NE(HashOf(bundle), HashOf({.main = "a", .files = {{"ab", "c"}}}));
  EXPECT_NE(HashOf(bundle), HashOf({.main = "", .files = {{"a", "bc"}}}));
  // As sha256sum prints it of these bytes: 8 bytes of length before every text.
  EXPECT_EQ(HashOf({}), "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
}

}  // namespace
}  // namespace kload::k6
