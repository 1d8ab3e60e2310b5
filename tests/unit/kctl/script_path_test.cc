#include "kctl/script_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ResolveScriptTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "scripts/load-tests");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Make(const std::string& name) { std::ofstream(folder_ / name) << "export default () => {}"; }

  fs::path folder_;
};

TEST_F(ResolveScriptTest, TakesAPathThatExists) {
  Make("a.js");
  Make("noextension");
  EXPECT_EQ(ResolveScript("a.js", folder_, true)->path, folder_ / "a.js");
  EXPECT_EQ(ResolveScript("noextension", folder_, true)->path, folder_ / "noextension");
  EXPECT_EQ(ResolveScript((folder_ / "a.js").string(), "/", true)->path, folder_ / "a.js");
}

TEST_F(ResolveScriptTest, FindsANameInTheScriptsFolder) {
  Make("scripts/load-tests/stress.js");
  EXPECT_EQ(ResolveScript("stress", folder_, true)->path, folder_ / "scripts/load-tests/stress.js");
}

TEST_F(ResolveScriptTest, AFolderOfThatNameIsNotInTheWay) {
  Make("scripts/load-tests/docker.js");
  fs::create_directories(folder_ / "docker");
  EXPECT_EQ(ResolveScript("docker", folder_, true)->path, folder_ / "scripts/load-tests/docker.js");
}

TEST_F(ResolveScriptTest, AsksTheLibraryForOtherNames) {
  const ScriptPlace place = ResolveScript("soak", folder_, true).value();
  EXPECT_EQ(place.path, "");
  EXPECT_EQ(place.library_name, "soak");
}

TEST_F(ResolveScriptTest, SaysWhereItLooked) {
  const absl::Status name = ResolveScript("soak", folder_, false).status();
  EXPECT_TRUE(absl::IsNotFound(name));
  EXPECT_THAT(Message(name), HasSubstr("scripts/load-tests/soak.js"));
  const absl::Status path = ResolveScript("missing.js", folder_, true).status();
  EXPECT_TRUE(absl::IsNotFound(path));
  EXPECT_THAT(Message(path), HasSubstr((folder_ / "missing.js").string()));
}

TEST_F(ResolveScriptTest, FindsTypeScript) {
  Make("scripts/load-tests/shop.ts");
  EXPECT_EQ(ResolveScript("shop", folder_, true)->path, folder_ / "scripts/load-tests/shop.ts");
}

TEST_F(ResolveScriptTest, TakesUrlsAsTheyAre) {
  EXPECT_EQ(ResolveScript("https://x.example/a.js", folder_, false)->path,
            "https://x.example/a.js");
}

TEST_F(ResolveScriptTest, FindsArtilleryTests) {
  Make("scripts/load-tests/plan.yml");
  EXPECT_EQ(ResolveScript("plan", folder_, true)->path, folder_ / "scripts/load-tests/plan.yml");
}

TEST_F(ResolveScriptTest, RefusesFolders) {
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveScript("scripts/", folder_, true).status()));
}

}  // namespace
}  // namespace kload::kctl
