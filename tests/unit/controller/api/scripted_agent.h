// An agent that does as it is told at once: prepares, sets up, measures one second, ends.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "common/base/clock.h"
#include "kload/v1/cluster.grpc.pb.h"

namespace kload::controller {

class ScriptedAgent {
 public:
  ScriptedAgent(const std::shared_ptr<grpc::Channel>& channel, std::string name)
      : name_(std::move(name)), stub_(v1::Cluster::NewStub(channel)) {
    stream_ = stub_->Connect(&context_);
    v1::AgentMessage hello;
    hello.mutable_hello()->set_name(name_);
    hello.mutable_hello()->set_incarnation(name_ + "-1");
    hello.mutable_hello()->set_protocol(protocol_);
    hello.mutable_hello()->set_threads(1);
    stream_->Write(hello);
    thread_ = std::thread([this] { Obey(); });
  }
  ~ScriptedAgent() {
    context_.TryCancel();
    thread_.join();
  }

  // What this agent was refused with, once its stream has ended.
  const std::string& refused() {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
    return refused_;
  }
  std::string teardown_data() const {
    const std::lock_guard lock(mutex_);
    return teardown_data_;
  }
  bool released() const { return released_; }
  bool stopped() const { return stopped_; }

  // Set before a run begins: it then never ends by itself.
  std::atomic<bool> endless{false};

 private:
  void Obey() {
    v1::ControllerMessage order;
    while (stream_->Read(&order)) Do(order);
    stream_->Finish();
  }

  void Do(const v1::ControllerMessage& order) {
    v1::AgentMessage answer;
    switch (order.message_case()) {
      case v1::ControllerMessage::kWelcome:
        refused_ = order.welcome().refused();
        return;
      case v1::ControllerMessage::kPing:
        answer.mutable_pong()->set_controller_ns(order.ping().controller_ns());
        answer.mutable_pong()->set_agent_ns(clock_.Now().count());
        stream_->Write(answer);
        answer.mutable_heartbeat()->set_rss_bytes(1);
        break;
      case v1::ControllerMessage::kPrepare:
        index_ = order.prepare().slice().index();
        answer.mutable_prepared()->set_run_id(order.prepare().run_id());
        break;
      case v1::ControllerMessage::kSetup:
        answer.mutable_setup_done()->set_run_id(order.setup().run_id());
        answer.mutable_setup_done()->set_data_json(R"({"word":"salt"})");
        break;
      case v1::ControllerMessage::kStart:
        Measure(order.start().run_id(), 1, false);
        if (!endless) Measure(order.start().run_id(), 2, true);
        return;
      case v1::ControllerMessage::kStop:
        stopped_ = true;
        return Measure(order.stop().run_id(), 2, true);
      case v1::ControllerMessage::kTeardown: {
        const std::lock_guard lock(mutex_);
        teardown_data_ = order.teardown().data_json();
        answer.mutable_teardown_done()->set_run_id(order.teardown().run_id());
        break;
      }
      case v1::ControllerMessage::kRelease:
        released_ = true;
        return;
      default:
        return;
    }
    stream_->Write(answer);
  }

  // Ten requests of 100 ms each, on the first agent; of 300 ms on the others.
  void Measure(const std::string& run_id, uint64_t sequence, bool final) {
    v1::AgentMessage message;
    v1::Delta& delta = *message.mutable_delta();
    delta.set_run_id(run_id);
    delta.set_sequence(sequence);
    delta.set_interval_start_ns(int64_t(sequence - 1) * 500'000'000);
    delta.set_interval_end_ns(int64_t(sequence) * 500'000'000);
    delta.set_final(final);
    if (!final) AddSamples(delta);
    v1::ScenarioProgress& scenario = *delta.add_scenarios();
    scenario.set_name("default");
    scenario.set_iterations_complete(1);
    stream_->Write(message);
  }

  void AddSamples(v1::Delta& delta) const {
    v1::SeriesDefinition& requests = *delta.add_definitions();
    requests.set_id(1);
    requests.set_metric("http_reqs");
    requests.set_type(v1::METRIC_TYPE_COUNTER);
    v1::SeriesDefinition& duration = *delta.add_definitions();
    duration.set_id(2);
    duration.set_metric("http_req_duration");
    duration.set_type(v1::METRIC_TYPE_TREND);
    duration.set_contains(v1::VALUE_KIND_TIME);
    v1::SeriesDelta& count = *delta.add_series();
    count.set_id(1);
    SetSum(10, *count.mutable_counter());
    const double ms = index_ == 0 ? 100 : 300;
    v1::SeriesDelta& trend = *delta.add_series();
    trend.set_id(2);
    v1::HistogramDelta& histogram = *trend.mutable_trend();
    histogram.set_count(10);
    SetSum(10 * ms, *histogram.mutable_sum());
    histogram.set_min(ms);
    histogram.set_max(ms);
    // Buckets of 0.1 s and 0.3 s: 512 log2(x), rounded up.
    histogram.set_positive_offset(index_ == 0 ? -1700 : -889);
    histogram.add_positive(0);
    histogram.add_positive(10);
  }

  // In units of 2^-40.
  static void SetSum(double value, v1::FixedSum& sum) { sum.set_low(uint64_t(value) << 40); }

  const std::string name_;
  const uint32_t protocol_ = 1;
  SystemClock clock_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::Cluster::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AgentMessage, v1::ControllerMessage>> stream_;
  std::string refused_;  // of the agent's thread, until that is joined
  uint32_t index_ = 0;   // likewise
  mutable std::mutex mutex_;
  std::string teardown_data_;
  std::atomic<bool> released_{false};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace kload::controller
