#include "kctl/output/json_output.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/unit/kctl/output/fixture.h"

namespace kload::kctl {
namespace {

class JsonOutputTest : public OutputTest {};

const std::string kPoints =
    R"({"metric":"http_reqs","type":"Point","data":{"time":"2026-08-01T10:00:00.1234567Z","value":1,"tags":{"group":"","method":"GET","mine":"a\"b","name":"http://a,b","status":"200"},"metadata":{"vu":"7"}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2026-08-01T10:00:00.1234567Z","value":12.3456789,"tags":{"group":"","method":"GET","mine":"a\"b","name":"http://a,b","status":"200"},"metadata":{"vu":"7"}}}
{"metric":"vus","type":"Point","data":{"time":"2026-08-01T10:00:01Z","value":20,"tags":{}}}
)";

const std::string kMetrics =
    R"({"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default","thresholds":[],"submetrics":null},"metric":"http_reqs"}
{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":["p(95)<200","avg<100"],"submetrics":[{"name":"http_req_duration{expected_response:true}","suffix":"expected_response:true","tags":{"expected_response":"true"}},{"name":"http_req_duration{status:200, name:a}","suffix":"status:200, name:a","tags":{"status":"200","name":"a"}}]},"metric":"http_req_duration"}
{"type":"Metric","data":{"name":"vus","type":"gauge","contains":"default","thresholds":[],"submetrics":null},"metric":"vus"}
)";

const OutputFacts kFacts = {.system_tags = {"status", "expected_response"},
                            .thresholds = {{"http_req_duration", "p(95)<200"},
                                           {"http_req_duration{status:200, name:a}", "p(95)<9"},
                                           {"http_req_duration", "avg<100"},
                                           {"http_req_duration{status:200, name:a}", "max<10"},
                                           {"http_req_failed", "rate<0.1"}}};

TEST_F(JsonOutputTest, WritesMetricsOnceAndEachPoint) {
  JsonOutput output(Open("out.json"));
  output.Begin(kFacts);
  output.Add(Example());
  output.Add(Example());
  EXPECT_TRUE(output.Finish().ok());
  EXPECT_EQ(Read("out.json"), kMetrics + kPoints + kPoints);
}

TEST_F(JsonOutputTest, FlushesOnDemand) {
  JsonOutput output(Open("out.json"));
  output.Begin({});
  output.Add(Example());
  EXPECT_EQ(Read("out.json"), "");
  output.Flush();
  EXPECT_TRUE(Read("out.json").ends_with(kPoints));
}

TEST_F(JsonOutputTest, CompressesByTheName) {
  JsonOutput output(Open("out.json.gz"));
  output.Begin({});
  output.Add(Example());
  output.Flush();
  output.Add(Example());
  EXPECT_TRUE(output.Finish().ok());
  const gzFile file = gzopen(Path("out.json.gz").c_str(), "rb");
  ASSERT_NE(file, nullptr);
  std::string text(64 * 1024, '\0');
  const int size = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  ASSERT_GT(size, 0);
  text.resize(static_cast<size_t>(size));
  EXPECT_TRUE(text.ends_with(kPoints + kPoints));
}

TEST_F(JsonOutputTest, BytesThatAreNoTextAreReplaced) {
  SampleBatchBuilder builder;
  builder.Add({"n", MetricType::kCounter, ValueKind::kDefault}, 1, {{"a", "\xED\xA0\x80"}}, kAt);
  JsonOutput output(Open("out.json"));
  output.Begin({});
  output.Add(builder.Take());
  EXPECT_TRUE(output.Finish().ok());
  EXPECT_NE(Read("out.json").find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(OutputTest, StdoutIsADashOrNothing) {
  for (const char* path : {"-", ""}) {
    std::string printed;
    auto file = TextFile::Open(path, [&](std::string_view text) { printed += text; });
    ASSERT_TRUE(file.ok());
    (*file)->lines() += "a line\n";
    (*file)->Flush();
    EXPECT_EQ(printed, "a line\n");
  }
}

TEST_F(OutputTest, FilesThatCannotBeWrittenAreErrorsThatNameThem) {
  const auto file = TextFile::Open("/no/such/folder/out.json", [](std::string_view) {});
  EXPECT_TRUE(absl::IsUnavailable(file.status()));
  EXPECT_NE(file.status().ToString().find("/no/such/folder/out.json"), std::string::npos);
}

TEST_F(OutputTest, AFullDiskIsTheErrorOfTheEnd) {
  auto file = TextFile::Open("/dev/full", [](std::string_view) {});
  ASSERT_TRUE(file.ok());
  (*file)->lines() += "a line\n";
  (*file)->Flush();
  (*file)->lines() += "another\n";
  const absl::Status finished = (*file)->Finish();
  EXPECT_TRUE(absl::IsUnavailable(finished));
  EXPECT_NE(finished.ToString().find("cannot write /dev/full: No space"), std::string::npos);
}

}  // namespace
}  // namespace kload::kctl
