#include "tests/simulation/simulated_controller.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "common/base/check.h"
#include "common/base/status.h"

namespace kload::simulation {

class SimulatedController::CoreStream final : public controller::AgentStream {
 public:
  CoreStream(std::shared_ptr<Sink> sink, std::string incarnation, const Observe& observe)
      : sink_(std::move(sink)), incarnation_(std::move(incarnation)), observe_(observe) {}
  void Send(v1::ControllerMessage message) override {
    if (message.has_ack()) observe_.acknowledged(incarnation_, message.ack().sequence());
    sink_->ToAgent(std::move(message));
  }
  void Close() override { sink_->EndByController(); }

 private:
  const std::shared_ptr<Sink> sink_;
  const std::string incarnation_;
  const Observe& observe_;
};

SimulatedController::SimulatedController(VirtualTime& time, std::mt19937_64& random,
                                         HostClock clock, std::string data_dir, Faults faults,
                                         Observe observe)
    : time_(time),
      random_(random),
      clock_(clock),
      data_dir_(std::move(data_dir)),
      faults_(faults),
      observe_(std::move(observe)) {}

SimulatedController::~SimulatedController() = default;

void SimulatedController::Start() {
  auto store = controller::Store::Open(data_dir_);
  KLOAD_CHECK(store.ok(), "the simulated controller has its store");
  core_ = std::make_unique<controller::Core>(clock_, *std::move(store), "1", nullptr,
                                             controller::Push{}, false);
  core_->Restore();
  Tick(++epoch_);
}

void SimulatedController::Kill() {
  for (auto& [number, stream] : streams_) stream.sink->EndByController();
  streams_.clear();
  core_.reset();
  paused_until_ = Nanos::zero();
}

void SimulatedController::WhenRunning(std::function<void()> what) {
  if (!paused()) return what();
  time_.At(paused_until_, [this, epoch = epoch_, what = std::move(what)] {
    if (up() && epoch == epoch_) WhenRunning(what);
  });
}

void SimulatedController::Tick(uint64_t epoch) {
  if (!up() || epoch != epoch_) return;
  if (!paused()) core_->Tick();
  const Nanos next = time_.now() + controller::Core::kTickInterval;
  time_.At(std::max(next, paused_until_), [this, epoch] { Tick(epoch); });
}

uint64_t SimulatedController::Open(std::shared_ptr<Sink> sink) {
  streams_[++last_stream_].sink = std::move(sink);
  return last_stream_;
}

void SimulatedController::Closed(uint64_t number) {
  WhenRunning([this, number] {
    if (streams_.erase(number) > 0) core_->OnClosed(number);
  });
}

void SimulatedController::Take(uint64_t number, v1::AgentMessage message) {
  WhenRunning([this, number, message = std::move(message)] { TakeNow(number, message); });
}

void SimulatedController::TakeNow(uint64_t number, v1::AgentMessage message) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  if (stream.incarnation.empty()) {
    auto who = controller::AgentDecoder::DecodeHello(message, "10.0.0.1:1");
    KLOAD_CHECK(who.ok(), "agents introduce themselves");
    stream.incarnation = who->incarnation;
    return core_->OnHello(number, *who,
                          std::make_shared<CoreStream>(stream.sink, stream.incarnation, observe_));
  }
  auto event = stream.decoder.Decode(std::move(message), clock_.Now());
  if (!event.ok()) fmt::print(stderr, "{}: {}\n", stream.incarnation, Message(event.status()));
  KLOAD_CHECK(event.ok(), "agents say what can be understood");
  const auto* delta = std::get_if<Delta>(&*event);
  if (delta != nullptr) observe_.delta(stream.incarnation, *delta);
  const bool twice = delta != nullptr && std::bernoulli_distribution(faults_.duplicated)(random_);
  if (twice) core_->OnEvent(number, *event);
  core_->OnEvent(number, *std::move(event));
}

}  // namespace kload::simulation
