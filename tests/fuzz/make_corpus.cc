// Writes what of the corpora is not text: messages, spools, records, a database. Its output is in the repository.
//   fuzz_make_corpus tests/fuzz/corpus
#include <filesystem>
#include <fstream>
#include <string>

#include "common/spool/spool.h"
#include "common/wire/bundle_wire.h"
#include "common/wire/delta_wire.h"
#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"
#include "controller/journal/input_codec.h"
#include "controller/journal/recorded_run.h"
#include "controller/store/store.h"

namespace {

using namespace kload;

void Write(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string Framed(const v1::AgentMessage& message) {
  const std::string bytes = message.SerializeAsString();
  std::string framed;
  framed += static_cast<char>(bytes.size() / 256);
  framed += static_cast<char>(bytes.size() % 256);
  return framed + bytes;
}

Delta SomeDelta() {
  Delta delta;
  delta.run_id = "r";
  delta.sequence = 1;
  delta.interval_end = std::chrono::seconds(1);
  CounterSink counter;
  counter.Add(7);
  TrendSink trend;
  for (const double value : {0.1, 12.0, 250.0}) trend.Add(value, ValueKind::kTime);
  RateSink rate;
  rate.Add(1);
  GaugeSink gauge;
  gauge.Add(3, Nanos(5));
  const auto key = [](const char* name, MetricType type, ValueKind kind) {
    return std::make_shared<const SeriesKey>(SeriesKey{{name, type, kind}, {{"status", "200"}}});
  };
  delta.series = {{key("http_reqs", MetricType::kCounter, ValueKind::kDefault), counter},
                  {key("http_req_duration", MetricType::kTrend, ValueKind::kTime), trend},
                  {key("checks", MetricType::kRate, ValueKind::kDefault), rate},
                  {key("g", MetricType::kGauge, ValueKind::kDefault), gauge}};
  delta.scenarios = {{"default", 2, 10, 1}};
  delta.final = true;
  return delta;
}

TestPlan SomePlan() {
  Scenario ramp;
  ramp.executor = ExecutorKind::kRampingVus;
  ramp.stages = {{std::chrono::seconds(5), 10}, {std::chrono::seconds(5), 0}};
  TestPlan plan;
  plan.scenarios = {ramp};
  plan.thresholds = {{"http_req_duration", "p(95)<200", true, Nanos(0)}};
  return plan;
}

void WriteAgentMessages(const std::string& folder) {
  v1::AgentMessage hello;
  hello.mutable_hello()->set_name("a1");
  hello.mutable_hello()->set_incarnation("i");
  hello.mutable_hello()->set_protocol(1);
  v1::AgentMessage beat;
  beat.mutable_heartbeat()->set_cpu_ratio(0.5);
  v1::AgentMessage line;
  line.mutable_log()->set_text("hello");
  v1::AgentMessage delta;
  wire::DeltaEncoder encoder;
  *delta.mutable_delta() = encoder.Encode(SomeDelta());
  Write(folder + "/agent_messages/session",
        Framed(hello) + Framed(beat) + Framed(line) + Framed(delta));
  Write(folder + "/agent_messages/delta", Framed(delta) + Framed(delta));
}

void WriteStored(const std::string& folder) {
  v1::SpoolHeader header;
  header.set_run_id("r");
  header.set_agent("a1");
  header.set_incarnation("i");
  *header.mutable_plan() = wire::EncodePlan(SomePlan());
  const std::string temporary = folder + "/spool.tmp";
  auto spool = SpoolWriter::Create(temporary, header);
  if (spool.ok() && (*spool)->Add(SomeDelta()).ok()) {
    std::ifstream file((*spool)->path(), std::ios::binary);
    Write(folder + "/stored/spool",
          std::string("0") + std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::filesystem::remove_all(temporary);
  Write(
      folder + "/stored/delta_input",
      "1" + controller::EncodeInput(controller::DeltaArrived{{"a1", "i"}, SomeDelta()}, Nanos(5)));
  Write(folder + "/stored/lost_input",
        "1" + controller::EncodeInput(controller::AgentLost{{"a1", "i"}, "gone"}, Nanos(7)));
  Write(folder + "/stored/plan", "2" + wire::EncodePlan(SomePlan()).SerializeAsString());
  RunSummary summary;
  summary.run_id = "r";
  summary.metrics = {
      {"http_reqs", "", MetricType::kCounter, ValueKind::kDefault, {{"count", 3}}, {}}};
  summary.root_group.checks = {{"ok", "::ok", 1, 2}};
  Write(folder + "/stored/summary", "3" + wire::EncodeSummary(summary).SerializeAsString());
}

void WriteStore(const std::string& folder) {
  const std::string temporary = folder + "/store.tmp";
  {
    auto store = controller::Store::Open(temporary);
    if (!store.ok()) return;
    controller::RunRecord record;
    record.id = "20260131-083000-1";
    record.state = "running";
    (void)(*store)->Put(record);
    (void)(*store)->BeginRecord(record.id, "run");
    (void)(*store)->Append(record.id, "input");
    (void)(*store)->Keep(record.id, controller::Store::Detail::kSecond, 1, "second");
    (void)(*store)->Commit();
  }
  std::filesystem::create_directories(folder + "/store");
  std::filesystem::copy_file(temporary + "/kload.db", folder + "/store/run",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove_all(temporary);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  WriteAgentMessages(argv[1]);
  WriteStored(argv[1]);
  WriteStore(argv[1]);
  return 0;
}
