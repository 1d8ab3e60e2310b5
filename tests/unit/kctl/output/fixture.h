// A file in a temporary folder and a batch of samples, for the tests of outputs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "common/metric/sample_batch.h"
#include "kctl/output/text_file.h"

namespace kload::kctl {

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    folder_ = (std::filesystem::temp_directory_path() / "kload-output-XXXXXX").string();
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~OutputTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::unique_ptr<TextFile> Open(const std::string& name) {
    auto file = TextFile::Open(Path(name), [](std::string_view) {});
    EXPECT_TRUE(file.ok());
    return *std::move(file);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // 2026-08-01T10:00:00.1234567Z.
  static constexpr Nanos kAt{1'785'578'400'123'456'700};

  static SampleBatch Example() {
    SampleBatchBuilder builder;
    const Tags tags = {{"group", ""},          {"method", "GET"}, {"mine", "a\"b"},
                       {"name", "http://a,b"}, {"status", "200"}, {"vu", "7"}};
    builder.Add({"http_reqs", MetricType::kCounter, ValueKind::kDefault}, 1, tags, kAt);
    builder.Add({"http_req_duration", MetricType::kTrend, ValueKind::kTime}, 12.3456789, tags, kAt);
    builder.Add({"vus", MetricType::kGauge, ValueKind::kDefault}, 20, {}, kAt + Nanos(876'543'300));
    return builder.Take();
  }

 private:
  std::string folder_;
};

}  // namespace kload::kctl
