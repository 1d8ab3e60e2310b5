#include "common/analysis/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/common/analysis/made_result.h"

namespace kload::analysis {
namespace {

using ::testing::HasSubstr;

const Symptom* Find(const std::vector<Symptom>& symptoms, const std::string& id) {
  const auto found = std::find_if(symptoms.begin(), symptoms.end(),
                                  [&](const Symptom& each) { return each.id == id; });
  return found == symptoms.end() ? nullptr : &*found;
}

void Limit(Result& result, const std::string& expression) {
  MetricSummary duration;
  duration.name = "http_req_duration";
  duration.thresholds.emplace_back();
  duration.thresholds.back().expression = expression;
  result.summary->metrics.push_back(duration);
}

TEST(Findings, AHealthyRunHasNone) {
  Result result = MakeResult({.seconds = 120});
  Limit(result, "p(95)<500");
  const std::vector<Symptom> symptoms = FindSymptoms(result, {});
  EXPECT_TRUE(symptoms.empty()) << symptoms.front().title;
}

TEST(Findings, SlowEndpointsAreNamed) {
  Result result = MakeResult({.seconds = 60, .median_ms = 300});
  Limit(result, "p(95)<200");
  const std::vector<Symptom> symptoms = FindSymptoms(result, {});
  const Symptom* slow = Find(symptoms, "slow-endpoint");
  ASSERT_NE(slow, nullptr);
  EXPECT_THAT(slow->title, HasSubstr("GET http://target/api/things is slow"));
  EXPECT_THAT(slow->evidence, HasSubstr("limit 200 ms"));
  EXPECT_FALSE(slow->next.empty());
}

TEST(Findings, ErrorsAreToldByEndpointAndStatus) {
  Result result = MakeResult({.seconds = 60, .failed = 0.1});
  result.endpoints[0].statuses = {{"200", 10800}, {"429", 1200}};
  const std::vector<Symptom> symptoms = FindSymptoms(result, {});
  const Symptom* errors = Find(symptoms, "errors-by-endpoint");
  ASSERT_NE(errors, nullptr);
  EXPECT_EQ(errors->severity, Severity::kProblem);
  EXPECT_THAT(errors->evidence, HasSubstr("429 × 1200"));
  EXPECT_THAT(errors->next, HasSubstr("rate limit"));
}

TEST(Findings, APoolThatIsFullWhileRequestsAreSlow) {
  Result result = MakeResult({.seconds = 120});
  WatchedSeries pool{
      .name = "db_connections", .expression = "db_pool_connections", .points = {}, .problem = ""};
  for (size_t i = 0; i < result.points.size(); ++i) {
    const bool full = i >= 60;
    pool.points.push_back({result.points[i].at, full ? 10.0 : 4.0});
    if (full) result.points[i].p95 *= 3;
  }
  result.watched.push_back(pool);
  const std::vector<Symptom> symptoms = FindSymptoms(result, {});
  const Symptom* found = Find(symptoms, "pool-exhaustion");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->title, HasSubstr("db_connections stays at its highest value, 10"));
}

TEST(Findings, ALeakAndAColdCache) {
  Result result = MakeResult({.seconds = 120});
  WatchedSeries memory{
      .name = "memory", .expression = "process_resident_memory_bytes", .points = {}, .problem = ""};
  WatchedSeries cache{.name = "cache_hit_rate", .expression = "hits", .points = {}, .problem = ""};
  for (int i = 1; i <= 120; ++i) {
    memory.points.push_back({std::chrono::seconds(i), 1e8 * (1 + i * 0.002)});
    cache.points.push_back({std::chrono::seconds(i), 0.4});
  }
  result.watched = {memory, cache};
  Targets targets;
  targets.figures.push_back({.group = "Reliability",
                             .name = "cache_hit_rate",
                             .measure = "cache_hit_rate",
                             .at_least = true,
                             .target = 0.7,
                             .target_high = {},
                             .critical = {},
                             .share = true});
  const std::vector<Symptom> symptoms = FindSymptoms(result, targets);
  ASSERT_NE(Find(symptoms, "leak"), nullptr);
  ASSERT_NE(Find(symptoms, "cache"), nullptr);
  EXPECT_THAT(Find(symptoms, "cache")->title, HasSubstr("40 %"));
}

TEST(Findings, TheMeasurementsOwnFlawsComeToo) {
  Result result = MakeResult({.seconds = 60});
  result.summary->soundness = {
      SoundnessLabel::kDegraded,
      {{SoundnessLabel::kDegraded, "it had 96 % of its CPU", "a1", {}, {}}}};
  const std::vector<Symptom> symptoms = FindSymptoms(result, {});
  ASSERT_NE(Find(symptoms, "soundness"), nullptr);
  EXPECT_THAT(Find(symptoms, "soundness")->title, HasSubstr("a1"));
}

}  // namespace
}  // namespace kload::analysis
