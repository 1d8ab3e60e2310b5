#include "common/modules/module_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"
#include "common/k6/bundle.h"
#include "common/modules/tools.h"

namespace kload::modules {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::StartsWith;

// A cache of its own and a network of a few pages.
class RemoteTest : public ::testing::Test {
 protected:
  RemoteTest() {
    std::string folder = (fs::temp_directory_path() / "kload-modules-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~RemoteTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Tools MakeTools(bool refresh = false) {
    return Tools(refresh, (folder_ / "cache").string(),
                 [this](const std::string& url) -> absl::StatusOr<std::string> {
                   fetched_.push_back(url);
                   const auto page = pages_.find(url);
                   if (page == pages_.end()) return absl::NotFoundError("cannot fetch " + url);
                   return page->second;
                 });
  }
  absl::StatusOr<k6::Bundle> Bundle(const std::string& source, bool refresh = false,
                                    const std::string& name = "main.js") {
    std::ofstream(folder_ / name) << source;
    Tools tools = MakeTools(refresh);
    return k6::BundleFromDisk((folder_ / name).string(), {}, &tools);
  }

  fs::path folder_;
  std::map<std::string, std::string> pages_;
  std::vector<std::string> fetched_;
};

TEST_F(RemoteTest, ModulesTravelUnderTheirUrls) {
  pages_["https://x.io/u/index.js"] = "export * from './a.js'; import '/b.js';";
  pages_["https://x.io/u/a.js"] = "export const a = 1;";
  pages_["https://x.io/b.js"] = "module.exports = 1;";
  const std::string script =
      "import { a } from 'https://x.io/u/index.js'; export const options = { vus: a };\n"
      "export default function () {}";
  const auto bundle = Bundle(script);
  ASSERT_TRUE(bundle.ok()) << Message(bundle.status());
  EXPECT_THAT(bundle->files, ElementsAre(Key("https://x.io/b.js"), Key("https://x.io/u/a.js"),
                                         Key("https://x.io/u/index.js"), Key("main.js")));
  EXPECT_EQ(fetched_.size(), 3u);

  // What was fetched is in the bundle's hash; the cache saves the network, a refresh does not.
  pages_["https://x.io/u/a.js"] = "export const a = 2;";
  const auto again = Bundle(script);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(fetched_.size(), 3u);
  EXPECT_EQ(k6::HashOf(*again), k6::HashOf(*bundle));
  const auto refreshed = Bundle(script, /*refresh=*/true);
  ASSERT_TRUE(refreshed.ok());
  EXPECT_EQ(fetched_.size(), 6u);
  EXPECT_NE(k6::HashOf(*refreshed), k6::HashOf(*bundle));
}

TEST_F(RemoteTest, ErrorsNameImporterAndUrl) {
  const auto missing = Bundle("\nimport 'https://x.io/none.js';");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(missing.status()), StartsWith("main.js:2:1: "));
  EXPECT_THAT(Message(missing.status()), HasSubstr("https://x.io/none.js"));
  pages_["https://x.io/a.js"] = "\n\nimport './none.js';";
  EXPECT_THAT(Message(Bundle("import 'https://x.io/a.js';").status()),
              StartsWith("https://x.io/a.js:3:1: "));
  EXPECT_THAT(Message(Bundle("open('https://x.io/a.js');").status()),
              HasSubstr("only modules come from the network"));
  pages_["https://x.io/open.js"] = "open('./data.csv'); export {};";
  EXPECT_THAT(Message(Bundle("import 'https://x.io/open.js';").status()),
              HasSubstr("https://x.io/data.csv"));
}

TEST_F(RemoteTest, UnwritableCacheIsNoError) {
  pages_["https://x.io/a.js"] = "export const a = 1;";
  std::ofstream(folder_ / "cache") << "a file where the folder should be";
  EXPECT_TRUE(Bundle("import 'https://x.io/a.js';").ok());
}

TEST_F(RemoteTest, TypeScriptIsBundledAsJavaScript) {
  std::ofstream(folder_ / "lib.ts") << "export type T = number;\nexport const t: T = 1;\n";
  const auto bundle = Bundle(
      "import { t, T } from './lib.ts';\ninterface O { vus: T }\n"
      "export const options: O = { vus: t };\nexport default function (): void {}\n",
      false, "main.ts");
  ASSERT_TRUE(bundle.ok()) << Message(bundle.status());
  EXPECT_THAT(bundle->files, ElementsAre(Key("lib.ts"), Key("main.ts")));
  EXPECT_THAT(bundle->files.at("lib.ts"), StartsWith("export const t = 1;"));

  const auto throws = Bundle("type A = 1;\ntype B = 2;\nthrow new Error('no');", false, "main.ts");
  EXPECT_THAT(Message(throws.status()), HasSubstr("(main.ts:3:"));
  const auto import = Bundle("type A = 1;\ntype B = 2;\nimport './none.ts';", false, "main.ts");
  EXPECT_THAT(Message(import.status()), StartsWith("main.ts:3:1: "));
  EXPECT_THAT(Message(Bundle("import './lib.ts'; open('lib.ts');").status()),
              HasSubstr("lib.ts: is a TypeScript module"));
}

TEST(ModuleCache, KeepsByUrl) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ModuleCache("").Find("https://x.io"), std::nullopt);
  EXPECT_TRUE(ModuleCache("").Keep("https://x.io", "text").ok());
}

}  // namespace
}  // namespace kload::modules
