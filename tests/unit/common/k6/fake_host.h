// A host that answers from a list, never waits, and remembers what a script asked for.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/k6/host.h"
#include "common/k6/script.h"

namespace kload::k6 {

class FakeHost final : public Host {
 public:
  struct Sent {
    http::Request request;
    Tags tags;
    std::string group;
  };
  struct Sample {
    std::string metric;
    double value = 0;
    Tags tags;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  struct CheckResult {
    std::string name;
    bool passed = false;
    std::string group;
    Tags tags;
    friend bool operator==(const CheckResult&, const CheckResult&) = default;
  };
  struct Line {
    LogLevel level = LogLevel::kInfo;
    std::string text;
    std::string source;
  };

  // ---- scripted ----
  std::deque<http::Response> responses;  // then 200 OK for ever
  std::function<absl::Status()> on_sleep = [] { return absl::OkStatus(); };
  std::function<absl::Status()> on_fetch = [] { return absl::OkStatus(); };

  std::function<absl::Status()> on_await = [] { return absl::OkStatus(); };
  bool hold_fetches = false;  // AwaitFetches() gives nothing
  Execution execution;
  Tags vu_tags;

  // ---- seen ----
  std::vector<std::pair<TestCall, std::string>> calls;
  int under_way = 0;
  int most_under_way = 0;
  size_t abandoned = 0;
  MetricTable metrics;
  std::vector<Nanos> slept;
  std::vector<bool>
      grouped;  // whether each of slept, but those that waited for fetches, may end with others
  std::vector<Sent> sent;
  std::vector<Sample> samples;
  std::vector<CheckResult> checks;
  std::vector<Line> lines;
  std::vector<std::string> groups;  // entered and not left
  std::vector<std::string> left;

  std::string path() const {
    std::string path;
    for (const std::string& group : groups) path += "::" + group;
    return path;
  }
  // Texts of console.* and warnings.
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const Line& line : lines) texts.push_back(line.text);
    return texts;
  }

  absl::StatusOr<MetricId> DeclareMetric(const MetricDef& def) override {
    return metrics.Declare(def);
  }
  absl::Status Sleep(Nanos duration, bool may_group) override {
    slept.push_back(duration);
    grouped.push_back(may_group);
    return on_sleep();
  }
  absl::Status Fetch(const http::Request& request, const Tags& tags,
                     http::Response& response) override {
    sent.push_back({request, tags, path()});
    KLOAD_RETURN_IF_ERROR(on_fetch());
    if (responses.empty()) {
      response = Answer(200, "");
      return absl::OkStatus();
    }
    response = std::move(responses.front());
    responses.pop_front();
    return absl::OkStatus();
  }
  void BeginFetch(uint64_t ticket, const http::Request& request, const Tags& tags) override {
    most_under_way = std::max(most_under_way, ++under_way);
    http::Response response;
    (void)Fetch(request, tags, response);
    begun_.emplace_back(ticket, std::move(response));
  }
  // One at a time, in the order they were begun.
  absl::StatusOr<std::vector<Fetched>> AwaitFetches(std::optional<Nanos> longest) override {
    KLOAD_RETURN_IF_ERROR(on_await());
    std::vector<Fetched> ended;
    if (begun_.empty() || hold_fetches) {
      slept.push_back(longest.value());
      return ended;
    }
    --under_way;
    ended.push_back({begun_.front().first, std::move(begun_.front().second)});
    begun_.pop_front();
    return ended;
  }
  void AbandonFetches() override {
    abandoned += begun_.size();
    begun_.clear();
  }
  void CallTest(TestCall call, std::string_view message) override {
    calls.emplace_back(call, std::string(message));
  }
  Execution GetExecution() override { return execution; }
  void SetVuTag(const std::string& name, const std::optional<std::string>& value) override {
    std::erase_if(vu_tags, [&](const auto& tag) { return tag.first == name; });
    if (value) vu_tags.emplace_back(name, *value);
  }
  Tags GetVuTags() override { return vu_tags; }
  void AddSample(MetricId metric, double value, const Tags& tags) override {
    samples.push_back({metrics.Get(metric).name, value, tags});
  }
  void AddCheck(std::string_view name, bool passed, const Tags& tags) override {
    checks.push_back({std::string(name), passed, path(), tags});
  }
  void EnterGroup(std::string_view name) override { groups.emplace_back(name); }
  void LeaveGroup() override {
    left.push_back(path());
    groups.pop_back();
  }
  void Log(LogLevel level, std::string_view text, std::string_view source) override {
    lines.push_back({level, std::string(text), std::string(source)});
  }

  std::deque<std::pair<uint64_t, http::Response>> begun_;

  static http::Response Answer(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.status_text = std::to_string(status) + " X";
    response.body = std::move(body);
    return response;
  }
};

// A script of one file, script.js, with its host.
class ScriptTest : public ::testing::Test {
 protected:
  // Compiles and runs the init code.
  absl::Status TryLoad(const std::string& source) {
    files_["script.js"] = source;
    KLOAD_ASSIGN_OR_RETURN(auto compiled,
                           CompiledScript::Compile({.main = "script.js", .files = files_}));
    KLOAD_ASSIGN_OR_RETURN(script_, ScriptInstance::Create(compiled, host_, settings_));
    return absl::OkStatus();
  }
  void Load(const std::string& source) {
    const absl::Status status = TryLoad(source);
    ASSERT_TRUE(status.ok()) << Message(status);
  }
  // One iteration of a default function with this body, in a script with all imports.
  Outcome Run(const std::string& body, const std::string& init = "") {
    const absl::Status status =
        TryLoad(kImports + init + "\nexport default function (data) {" + body + "\n}");
    if (!status.ok()) {
      return {
          .kind = Outcome::Kind::kException, .message = Message(status), .stack = "", .json = ""};
    }
    return script_->CallIteration("default", 0);
  }
  // The iteration's console output; the test fails unless the iteration ended well.
  std::vector<std::string> Printed(const std::string& body, const std::string& init = "") {
    host_.lines.clear();
    const Outcome outcome = Run(body, init);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kOk) << outcome.message << "\n" << outcome.stack;
    return host_.texts();
  }
  // The iteration's exception.
  std::string Thrown(const std::string& body, const std::string& init = "") {
    const Outcome outcome = Run(body, init);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kException);
    return outcome.message;
  }

  static inline const std::string kImports =
      "import http from 'k6/http'; import { check, group, sleep, fail, randomSeed } from 'k6'; "
      "import { Counter, Gauge, Rate, Trend } from 'k6/metrics'; ";

  FakeHost host_;  // outlives the script
  ScriptSettings settings_;
  std::map<std::string, std::string> files_;
  std::unique_ptr<ScriptInstance> script_;
};

}  // namespace kload::k6
