// The host of a script that runs no load: it is inspected, bundled, or makes its summary.
//
// Thread: that of the instance.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/k6/host.h"

namespace kload::k6 {

// Refuses whatever reaches beyond the script and forgets what is measured. What is left to say is where lines go, and
// what becomes of metrics.
class OfflineHost : public Host {
 public:
  absl::StatusOr<MetricId> DeclareMetric(const MetricDef& def) override {
    return metrics_.Declare(def);
  }
  absl::Status Sleep(Nanos, bool) override { return Refused("sleep()"); }
  absl::Status Fetch(const http::Request& request, const Tags&, http::Response&) override {
    return Refused(request.method + " " + request.url);
  }
  void BeginFetch(uint64_t, const http::Request&, const Tags&) override {}
  absl::StatusOr<std::vector<Fetched>> AwaitFetches(std::optional<Nanos>) override {
    return Refused("a request");
  }
  void AbandonFetches() override {}
  void AddSample(MetricId, double, const Tags&) override {}
  void AddCheck(std::string_view, bool, const Tags&) override {}
  void EnterGroup(std::string_view) override {}
  void LeaveGroup() override {}
  void CallTest(TestCall call, std::string_view message) override {
    if (call == TestCall::kAbort) aborted_ = std::string(message);
  }
  Execution GetExecution() override { return {}; }
  void SetVuTag(const std::string&, const std::optional<std::string>&) override {}
  Tags GetVuTags() override { return {}; }

  // What the script declared.
  MetricTable& metrics() { return metrics_; }
  // The message of exec.test.abort(), if init code has called it.
  const std::optional<std::string>& aborted() const { return aborted_; }

 private:
  static absl::Status Refused(std::string_view what) {
    std::string text(what);
    text += " is only possible while the test runs";
    return absl::FailedPreconditionError(text);
  }

  MetricTable metrics_;
  std::optional<std::string> aborted_;
};

}  // namespace kload::k6
