#include "common/spool/spool.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kload {
namespace {

using testing::HasSubstr;

class SpoolTest : public testing::Test {
 protected:
  ~SpoolTest() override { std::filesystem::remove_all(folder_); }

  static Delta DeltaOf(int second) {
    Delta delta;
    delta.run_id = "r";
    delta.interval_start = std::chrono::seconds(second - 1);
    delta.interval_end = std::chrono::seconds(second);
    CounterSink counter;
    counter.Add(second);
    delta.series.push_back({std::make_shared<const SeriesKey>(SeriesKey{
                                {"n", MetricType::kCounter, ValueKind::kDefault}, {{"a", "b"}}}),
                            counter});
    return delta;
  }
  // A spool with that many deltas; its path.
  std::string Write(int deltas) {
    v1::SpoolHeader header;
    header.set_run_id("r");
    header.set_agent("host/1");
    header.set_incarnation("0123456789");
    auto writer = SpoolWriter::Create(folder_, header);
    EXPECT_TRUE(writer.ok()) << writer.status();
    for (int i = 1; i <= deltas; ++i) EXPECT_TRUE((*writer)->Add(DeltaOf(i)).ok());
    return (*writer)->path();
  }

  const std::string folder_ =
      (std::filesystem::temp_directory_path() /
       fmt::format("kload-spool-{}-{}", getpid(),
                   testing::UnitTest::GetInstance()->current_test_info()->name()))
          .string();
};

TEST_F(SpoolTest, WhatWasWrittenIsRead) {
  const std::string path = Write(3);
  EXPECT_EQ(std::filesystem::path(path).filename(), "r.host_1-01234567.spool");
  const auto spool = ReadSpool(path);
  ASSERT_TRUE(spool.ok()) << spool.status();
  EXPECT_EQ(spool->header.agent(), "host/1");
  EXPECT_EQ(spool->damage, "");
  ASSERT_EQ(spool->deltas.size(), 3U);
  for (int i = 1; i <= 3; ++i) {
    const Delta& delta = spool->deltas[i - 1];
    EXPECT_EQ(delta.interval_end, std::chrono::seconds(i));
    EXPECT_EQ(std::get<CounterSink>(delta.series.at(0).increment).sum.value(), i);
  }
}

// Cut anywhere, or with any byte flipped, it gives a prefix of what was written, or says that it is none.
TEST_F(SpoolTest, DamageIsSeenAndThePrefixIsRight) {
  const std::string path = Write(4);
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const auto check = [&](const std::string& content, const std::string& what) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    const auto spool = ReadSpool(path);
    if (!spool.ok()) return;
    for (size_t i = 0; i < spool->deltas.size(); ++i) {
      EXPECT_EQ(std::get<CounterSink>(spool->deltas[i].series.at(0).increment).sum.value(), i + 1)
          << what;
    }
    if (spool->deltas.size() < 4 && content.size() == whole.size()) {
      EXPECT_THAT(spool->damage, HasSubstr("bytes are not used")) << what;
    }
  };
  for (size_t i = 0; i < whole.size(); ++i) {
    check(whole.substr(0, i), fmt::format("cut at {}", i));
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    check(flipped, fmt::format("flipped at {}", i));
  }
}

TEST_F(SpoolTest, OtherFilesAreErrors) {
  EXPECT_TRUE(absl::IsNotFound(ReadSpool(folder_ + "/none").status()));
  EXPECT_TRUE(absl::IsDataLoss(ReadSpool("/proc/self/exe").status()));
  v1::SpoolHeader header;
  EXPECT_TRUE(absl::IsUnavailable(SpoolWriter::Create("/proc/nowhere", header).status()));
}

TEST_F(SpoolTest, AFullDiskLeavesWholeFrames) {
  v1::SpoolHeader header;
  header.set_run_id("r");
  // A device that is always full.
  std::filesystem::create_directories(folder_);
  std::filesystem::create_symlink("/dev/full", folder_ + "/r.-.spool");
  EXPECT_THAT(std::string(SpoolWriter::Create(folder_, header).status().message()),
              HasSubstr("No space left"));
}

}  // namespace
}  // namespace kload
