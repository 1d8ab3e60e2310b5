#include "common/wire/plan_wire.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <ostream>
#include <random>

#include "common/base/status.h"

namespace kload::wire {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

void ExpectSame(const Scenario& a, const Scenario& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.executor, b.executor);
  EXPECT_EQ(a.start_time, b.start_time);
  EXPECT_EQ(a.graceful_stop, b.graceful_stop);
  EXPECT_EQ(a.exec, b.exec);
  EXPECT_EQ(a.env, b.env);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.vus, b.vus);
  EXPECT_EQ(a.duration, b.duration);
  EXPECT_EQ(a.start_vus, b.start_vus);
  ASSERT_EQ(a.stages.size(), b.stages.size());
  for (size_t i = 0; i < a.stages.size(); ++i) {
    EXPECT_EQ(a.stages[i].duration, b.stages[i].duration);
    EXPECT_EQ(a.stages[i].target, b.stages[i].target);
  }
  EXPECT_EQ(a.graceful_ramp_down, b.graceful_ramp_down);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.max_duration, b.max_duration);
  EXPECT_EQ(a.first_vu, b.first_vu);
  if (!IsArrivalRate(a)) return;
  EXPECT_EQ(a.rate, b.rate);
  EXPECT_EQ(a.time_unit, b.time_unit);
  EXPECT_EQ(a.pre_allocated_vus, b.pre_allocated_vus);
  EXPECT_EQ(a.max_vus, b.max_vus);
}

void ExpectSame(const RunOptions& a, const RunOptions& b) {
  EXPECT_EQ(a.user_agent, b.user_agent);
  EXPECT_EQ(a.max_redirects, b.max_redirects);
  EXPECT_EQ(a.throw_on_error, b.throw_on_error);
  EXPECT_EQ(a.insecure_skip_tls_verify, b.insecure_skip_tls_verify);
  EXPECT_EQ(a.no_connection_reuse, b.no_connection_reuse);
  EXPECT_EQ(a.no_vu_connection_reuse, b.no_vu_connection_reuse);
  EXPECT_EQ(a.discard_response_bodies, b.discard_response_bodies);
  EXPECT_EQ(a.no_cookies_reset, b.no_cookies_reset);
  EXPECT_EQ(a.batch, b.batch);
  EXPECT_EQ(a.batch_per_host, b.batch_per_host);
  EXPECT_EQ(a.setup_timeout, b.setup_timeout);
  EXPECT_EQ(a.teardown_timeout, b.teardown_timeout);
  EXPECT_EQ(a.min_iteration_duration, b.min_iteration_duration);
  EXPECT_EQ(a.no_setup, b.no_setup);
  EXPECT_EQ(a.no_teardown, b.no_teardown);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.system_tags, b.system_tags);
  EXPECT_EQ(a.series_tags, b.series_tags);
  EXPECT_EQ(a.consolidated_options_json, b.consolidated_options_json);
  EXPECT_EQ(a.time_scale, b.time_scale);
  EXPECT_EQ(a.network, b.network);
}

TestPlan RandomPlan(uint32_t seed) {
  std::mt19937 random(seed);
  const auto number = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const auto flag = [&] { return random() % 2 == 0; };
  TestPlan plan;
  for (int i = 0; i <= int(random() % 3); ++i) {
    Scenario s;
    s.name = "s" + std::to_string(i);
    s.executor = static_cast<ExecutorKind>(random() % 6);
    s.start_time = Nanos(number(0, 1'000'000'000'000));
    s.graceful_stop = Nanos(number(0, 60'000'000'000));
    s.exec = flag() ? "default" : "browse";
    s.env = {{"A", "1"}, {"B", ""}};
    s.tags = {{"kind", "x"}};
    s.vus = number(1, 1000);
    s.duration = Nanos(number(0, 1'000'000'000'000));
    s.start_vus = number(0, 5);
    for (int n = 0; n < int(random() % 4); ++n) {
      s.stages.push_back({Nanos(number(0, 1'000'000'000'000)), number(0, 500)});
    }
    s.graceful_ramp_down = Nanos(number(0, 60'000'000'000));
    s.iterations = number(1, 1'000'000);
    s.max_duration = Nanos(number(0, 1'000'000'000'000));
    s.first_vu = number(0, 2000);
    s.rate = number(1, kRateMax);
    s.time_unit = Nanos(number(1, 60'000'000'000));
    s.pre_allocated_vus = number(0, 100);
    s.max_vus = s.pre_allocated_vus + number(0, 100);
    plan.scenarios.push_back(std::move(s));
  }
  RunOptions& o = plan.options;
  o.user_agent = "kload/1";
  o.network.rps = number(0, 1000);
  o.max_redirects = number(0, 20);
  o.throw_on_error = flag();
  o.insecure_skip_tls_verify = flag();
  o.no_connection_reuse = flag();
  o.no_vu_connection_reuse = flag();
  o.discard_response_bodies = flag();
  o.no_cookies_reset = flag();
  o.batch = number(1, 1000);
  o.batch_per_host = number(1, 1000);
  o.setup_timeout = Nanos(number(0, 100'000'000'000));
  o.teardown_timeout = Nanos(number(0, 100'000'000'000));
  o.min_iteration_duration = Nanos(number(0, 100'000'000'000));
  o.no_setup = flag();
  o.no_teardown = flag();
  o.tags = {{"env", "ci"}};
  o.system_tags = {"status", "name"};
  o.series_tags = {"url"};
  o.time_scale = flag() ? 1 : 0.1;
  return plan;
}

TEST(PlanWireProperty, DecodeUndoesEncode) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    const TestPlan plan = RandomPlan(seed);
    v1::Plan message;
    ASSERT_TRUE(message.ParseFromString(EncodePlan(plan).SerializeAsString()));
    const absl::StatusOr<TestPlan> decoded = DecodePlan(message);
    ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
    ASSERT_EQ(plan.scenarios.size(), decoded->scenarios.size());
    for (size_t i = 0; i < plan.scenarios.size(); ++i) {
      ExpectSame(plan.scenarios[i], decoded->scenarios[i]);
    }
    ExpectSame(plan.options, decoded->options);
  }
}

TEST(PlanWireTest, TimeScaleZeroIsAsWritten) {
  v1::Plan message = EncodePlan(RandomPlan(1));
  message.mutable_options()->set_time_scale(0);
  EXPECT_EQ(DecodePlan(message)->options.time_scale, 1);
}

struct BadPlan {
  std::string name;
  std::string error;  // part of the message
  void (*spoil)(v1::Plan&);
};
// How the test is listed.
void PrintTo(const BadPlan& each, std::ostream* out) { *out << each.name; }

class DecodePlanRefuses : public testing::TestWithParam<BadPlan> {};

TEST_P(DecodePlanRefuses, Spoiled) {
  v1::Plan message = EncodePlan(RandomPlan(1));
  GetParam().spoil(message);
  const absl::StatusOr<TestPlan> decoded = DecodePlan(message);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Message(decoded.status()).find(GetParam().error), std::string::npos)
      << Message(decoded.status());
}

v1::Scenario& First(v1::Plan& p) { return *p.mutable_scenarios(0); }

void SetArrivals(v1::Scenario& s, int64_t rate, int64_t time_unit_ns, int64_t vus, int64_t max) {
  s.set_executor(v1::EXECUTOR_KIND_CONSTANT_ARRIVAL_RATE);
  s.set_rate(rate);
  s.set_time_unit_ns(time_unit_ns);
  s.set_pre_allocated_vus(vus);
  s.set_max_vus(max);
}

INSTANTIATE_TEST_SUITE_P(
    All, DecodePlanRefuses,
    testing::Values(
        BadPlan{"NoScenario", "no scenario", [](v1::Plan& p) { p.clear_scenarios(); }},
        BadPlan{"NoName", "plan.scenarios[0]: name", [](v1::Plan& p) { First(p).clear_name(); }},
        BadPlan{"Executor", "does not know",
                [](v1::Plan& p) { First(p).set_executor(v1::ExecutorKind(99)); }},
        BadPlan{"NoVus", "vus is 0", [](v1::Plan& p) { First(p).set_vus(0); }},
        BadPlan{"StartVus", "start_vus is -1", [](v1::Plan& p) { First(p).set_start_vus(-1); }},
        BadPlan{"FirstVu", "first_vu is -1", [](v1::Plan& p) { First(p).set_first_vu(-1); }},
        BadPlan{"Time", "start_time_ns is -5", [](v1::Plan& p) { First(p).set_start_time_ns(-5); }},
        BadPlan{"StageTime", "stage duration_ns",
                [](v1::Plan& p) {
                  First(p).add_stages()->set_duration_ns(std::numeric_limits<int64_t>::max());
                }},
        BadPlan{"StageTarget", "stage target",
                [](v1::Plan& p) { First(p).add_stages()->set_target(-1); }},
        BadPlan{"Rate", "rate is 0", [](v1::Plan& p) { SetArrivals(First(p), 0, 1'000, 1, 1); }},
        BadPlan{"TimeUnit", "time_unit_ns is 0",
                [](v1::Plan& p) { SetArrivals(First(p), 5, 0, 1, 1); }},
        BadPlan{"MoreThanMaxVus", "pre_allocated_vus is 2",
                [](v1::Plan& p) { SetArrivals(First(p), 5, 1'000, 2, 1); }},
        BadPlan{"Iterations", "iterations is 0", [](v1::Plan& p) { First(p).set_iterations(0); }},
        BadPlan{"Scale", "plan.options: time_scale",
                [](v1::Plan& p) { p.mutable_options()->set_time_scale(-1); }},
        BadPlan{"Redirects", "max_redirects",
                [](v1::Plan& p) { p.mutable_options()->set_max_redirects(-1); }}),
    [](const testing::TestParamInfo<BadPlan>& info) { return info.param.name; });

TEST(SliceWireTest, RoundTripAndRefusal) {
  const absl::StatusOr<Slice> slice = DecodeSlice(EncodeSlice({3, 8}));
  ASSERT_TRUE(slice.ok());
  EXPECT_EQ(slice->index, 3u);
  EXPECT_EQ(slice->count, 8u);
  EXPECT_FALSE(DecodeSlice(EncodeSlice({8, 8})).ok());
  EXPECT_FALSE(DecodeSlice(v1::Slice()).ok());
}

}  // namespace
}  // namespace kload::wire
