// A crew without threads: remembers what it was told, and works at once where it has to.
//
// Thread: called on the link's; the test reads from its own.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/link/crew.h"

namespace kload::agent {

class FakeCrew final : public Crew {
 public:
  explicit FakeCrew(uint32_t size) : size_(size) {}

  uint32_t size() const override { return size_; }
  void Prepare(std::shared_ptr<const RunSpec> spec) override {
    const std::string call = "prepare " + spec->run_id;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      spec_ = std::move(spec);
    }
    Note(call);
  }
  void StartRun(Nanos start, std::string setup_json) override {
    Note(fmt::format("start {} {}", start.count(), setup_json));
  }
  void Scale(std::string scenario, int64_t vus) override {
    Note(fmt::format("scale {} {}", scenario, vus));
  }
  void Adopt(std::vector<Part> parts) override {
    for (const Part& part : parts) {
      Note(fmt::format("adopt {}/{} from {}", part.slice.index, part.slice.count,
                       part.from.count()));
    }
  }
  void Cede(std::vector<Slice> slices, Nanos from) override {
    for (const Slice slice : slices) {
      Note(fmt::format("cede {}/{} from {}", slice.index, slice.count, from.count()));
    }
  }
  void ChangeRate(std::string scenario, int64_t rate, Nanos from) override {
    Note(fmt::format("rate {} {} from {}", scenario, rate, from.count()));
  }
  void Stop(bool graceful) override { Note(graceful ? "stop" : "stop at once"); }
  void Release() override { Note("release"); }
  void RunPhase(PhaseKind kind, std::string data_json) override {
    Note(fmt::format("{} {}", kind == PhaseKind::kSetup ? "setup" : "teardown", data_json));
  }
  void Execute(std::function<void()> work) override { work(); }

  std::shared_ptr<const RunSpec> spec() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return spec_;
  }
  std::vector<std::string> calls() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }
  // Whether the call comes within ten seconds, or was there already.
  bool WaitFor(const std::string& call) const {
    std::unique_lock<std::mutex> lock(mutex_);
    return noted_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::find(calls_.begin(), calls_.end(), call) != calls_.end();
    });
  }

 private:
  void Note(std::string call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_.push_back(std::move(call));
    noted_.notify_all();
  }

  const uint32_t size_;
  mutable std::mutex mutex_;
  mutable std::condition_variable noted_;
  std::vector<std::string> calls_;
  std::shared_ptr<const RunSpec> spec_;
};

}  // namespace kload::agent
