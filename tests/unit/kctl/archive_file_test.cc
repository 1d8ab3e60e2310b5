// Archives: what is written is read again, and k6's layout is kept.
#include "kctl/archive_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string Written(const Archive& archive) {
  // Of this process alone: CTest runs the tests of this file at the same time.
  const std::string path = testing::TempDir() + "/test-" + std::to_string(getpid()) + ".tar";
  EXPECT_TRUE(WriteArchive(archive, path).ok());
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::remove(path.c_str());
  return bytes;
}

Archive Example() {
  Archive archive;
  archive.bundle.main = "tests/my script.js";
  archive.bundle.files = {{"tests/my script.js", "export default function () {}"},
                          {"lib/data.bin", std::string("\0\x01\xff", 3)},
                          {"/etc/big.txt", std::string(100'000, 'x')},
                          {"https://host/lib.js", "export {};"}};
  archive.env = {{"A", "1"}};
  archive.options_json = R"({"vus":3,"paused":null,"tags":{},"dns":{"ttl":null,"select":null}})";
  return archive;
}

TEST(Archive, IsReadAsItWasWritten) {
  const std::string bytes = Written(Example());
  EXPECT_TRUE(LooksLikeArchive(bytes));
  EXPECT_EQ(bytes, Written(Example())) << "the same files make the same bytes";
  const absl::StatusOr<Archive> archive = ReadArchive(bytes);
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->bundle.main, "/tests/my script.js");
  EXPECT_THAT(archive->bundle.files,
              ElementsAre(Pair("/etc/big.txt", std::string(100'000, 'x')),
                          Pair("/lib/data.bin", std::string("\0\x01\xff", 3)),
                          Pair("/tests/my script.js", "export default function () {}"),
                          Pair("https://host/lib.js", "export {};")));
  EXPECT_THAT(archive->env, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(archive->options_json, R"({"vus":3,"tags":{}})");
}

TEST(Archive, HasK6sLayout) {
  const std::string bytes = Written(Example());
  const size_t json = bytes.find("{\n");
  const size_t end = bytes.find("\n}", json);
  ASSERT_NE(end, std::string::npos);
  const auto metadata = nlohmann::json::parse(bytes.substr(json, end + 2 - json));
  EXPECT_EQ(metadata["type"], "js");
  EXPECT_EQ(metadata["filename"], "file:///tests/my%20script.js");
  EXPECT_EQ(metadata["pwd"], "file:///tests");
  EXPECT_EQ(metadata["env"]["A"], "1");
  EXPECT_EQ(metadata["options"]["vus"], 3);
  size_t at = 0;
  for (const char* name : {"metadata.json", "data", "file/etc/big.txt", "file/lib/data.bin",
                           "file/tests/my script.js", "https/host/lib.js"}) {
    at = bytes.find(name, at);
    ASSERT_NE(at, std::string::npos) << name;
  }
}

TEST(Archive, RefusesWhatIsNone) {
  EXPECT_FALSE(LooksLikeArchive("export default function () {}"));
  EXPECT_THAT(Message(ReadArchive("no tar at all").status()), HasSubstr("archive"));
  std::string bytes = Written(Example());
  EXPECT_FALSE(ReadArchive(std::string_view(bytes).substr(0, 3000)).ok());
}

TEST(Archive, NeedsItsScript) {
  Archive archive = Example();
  archive.bundle.main = "other.js";
  EXPECT_THAT(Message(ReadArchive(Written(archive)).status()),
              HasSubstr("does not contain its script /other.js"));
}

TEST(Archive, SaysWhereItCannotBeWritten) {
  EXPECT_THAT(Message(WriteArchive(Example(), "/no/such/folder/a.tar")),
              HasSubstr("cannot write /no/such/folder/a.tar"));
}

}  // namespace
}  // namespace kload::kctl
