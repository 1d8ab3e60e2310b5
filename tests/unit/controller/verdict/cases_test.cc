// Runs the stories of tests/cases/verdict; their README.md has the grammar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "controller/merge/cluster_series.h"
#include "controller/merge/ledger.h"
#include "controller/verdict/verdict.h"

namespace kload::controller {
namespace {

using Words = std::vector<std::string>;

Words WordsOf(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find('#')));
  return Words(std::istream_iterator<std::string>(stream), {});
}

double NumberOf(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const absl::StatusOr<Nanos> time = ParseDuration(text, BareNumber::kRefused);
  EXPECT_TRUE(time.ok()) << Message(time.status());
  return time.ok() ? static_cast<double>(time->count()) / 1e6 : 0;
}

Nanos TimeOf(const std::string& text) { return ParseDuration(text, BareNumber::kRefused).value(); }

class Story {
 public:
  void Run(const Words& words) {
    const std::string& verb = words[0];
    if (verb == "metric") return Declare(words);
    if (verb == "threshold") return AddThreshold(words);
    if (verb == "at") return AddDelta(words);
    if (verb == "resend") return Deliver(words.at(1));
    if (verb == "expect") return Expect(words, Verdict::Pass::kTick);
    if (verb == "final") return Expect(words, Verdict::Pass::kFinal);
    FAIL() << "\"" << verb << "\" is none of metric, threshold, at, resend, expect, final";
  }

 private:
  struct Agent {
    uint64_t sequence = 0;
    Delta last;
  };

  void Declare(const Words& words) {
    MetricDef def{words.at(1), MetricType::kCounter, ValueKind::kDefault};
    for (const MetricType type : {MetricType::kGauge, MetricType::kRate, MetricType::kTrend}) {
      if (words.at(2) == TypeName(type)) def.type = type;
    }
    for (const ValueKind kind : {ValueKind::kTime, ValueKind::kData}) {
      if (words.back() == ContainsName(kind)) def.contains = kind;
    }
    ASSERT_TRUE(metrics_.Declare(def).ok());
  }

  void AddThreshold(const Words& words) {
    ASSERT_EQ(verdict_, nullptr) << "thresholds come first";
    ThresholdSpec spec{words.at(1), words.at(2)};
    for (size_t i = 3; i < words.size(); ++i) {
      if (words[i] == "abort") spec.abort_on_fail = true;
      if (words[i] == "delay") spec.delay_abort_eval = TimeOf(words.at(i + 1));
    }
    specs_.push_back(spec);
  }

  // at TIME agent NAME SERIES SAMPLE...
  void AddDelta(const Words& words) {
    Begin();
    now_ = TimeOf(words.at(1));
    const absl::StatusOr<Selector> series = ParseSelector(words.at(4));
    ASSERT_TRUE(series.ok()) << Message(series.status());
    const MetricDef* def = metrics_.Find(series->metric);
    ASSERT_NE(def, nullptr) << series->metric;
    Sink sink = MakeSink(def->type);
    for (size_t i = 5; i < words.size(); ++i) {
      const size_t times = words[i].find('x');
      const int count = times == std::string::npos ? 1 : std::stoi(words[i]);
      const double value =
          NumberOf(times == std::string::npos ? words[i] : words[i].substr(times + 1));
      for (int n = 0; n < count; ++n) AddSample(sink, *def, value);
    }
    Agent& agent = agents_[words.at(3)];
    agent.last = Delta();
    agent.last.sequence = ++agent.sequence;
    agent.last.series.push_back(
        {std::make_shared<const SeriesKey>(SeriesKey{*def, series->tags}), std::move(sink)});
    Deliver(words.at(3));
  }

  void AddSample(Sink& sink, const MetricDef& def, double value) {
    if (auto* counter = std::get_if<CounterSink>(&sink)) counter->Add(value);
    if (auto* gauge = std::get_if<GaugeSink>(&sink)) gauge->Add(value, now_);
    if (auto* rate = std::get_if<RateSink>(&sink)) rate->Add(value);
    if (auto* trend = std::get_if<TrendSink>(&sink)) trend->Add(value, def.contains);
  }

  // As the controller does with what a stream brings.
  void Deliver(const std::string& name) {
    const Delta& delta = agents_[name].last;
    if (ledger_.Admit(name, delta.sequence).answer != Ledger::Answer::kNew) return;
    const absl::Status added = series_.Add(delta);
    ASSERT_TRUE(added.ok()) << Message(added);
  }

  void Expect(const Words& words, Verdict::Pass pass) {
    Begin();
    const Verdict::Decision decision = verdict_->Evaluate(series_, now_, pass);
    EXPECT_EQ(verdict_->passed() ? "pass" : "fail", words.at(1));
    bool abort = false;
    for (size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "abort") {
        abort = true;
        continue;
      }
      const size_t equals = words[i].rfind('=');
      const ThresholdResult& result = verdict_->outcomes().at(0).result;
      EXPECT_EQ(result.method, words[i].substr(0, equals));
      const double expected = NumberOf(words[i].substr(equals + 1));
      EXPECT_NEAR(result.observed, expected, expected * 0.00068);
    }
    EXPECT_EQ(decision.abort, abort);
  }

  // What is declared first is complete.
  void Begin() {
    if (verdict_ != nullptr) return;
    absl::StatusOr<std::vector<Threshold>> thresholds = ParseThresholds(specs_, metrics_);
    ASSERT_TRUE(thresholds.ok()) << Message(thresholds.status());
    verdict_ = std::make_unique<Verdict>(*std::move(thresholds));
    verdict_->WatchIn(series_);
  }

  MetricTable metrics_;
  std::vector<ThresholdSpec> specs_;
  std::unique_ptr<Verdict> verdict_;
  ClusterSeries series_;
  Ledger ledger_;
  std::map<std::string, Agent> agents_;
  Nanos now_{0};
};

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(KLOAD_CASES_DIR)) {
    if (entry.path().extension() == ".case") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class VerdictCase : public testing::TestWithParam<std::string> {};

TEST_P(VerdictCase, HoldsLineByLine) {
  std::ifstream file(std::filesystem::path(KLOAD_CASES_DIR) / (GetParam() + ".case"));
  ASSERT_TRUE(file.is_open());
  Story story;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const Words words = WordsOf(line);
    if (words.empty()) continue;
    SCOPED_TRACE(fmt::format("{}.case:{}: {}", GetParam(), number, line));
    story.Run(words);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, VerdictCase, testing::ValuesIn(CaseNames()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kload::controller
