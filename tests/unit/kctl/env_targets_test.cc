#include "kctl/env_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EnvTargets, TheGuidesVariables) {
  const auto targets = TargetsOfEnv({{"API_BASE_URL", "http://localhost:3001/api"},
                                     {"TARGET_P95_LATENCY", "200"},
                                     {"TARGET_ERROR_RATE", "0.01"},
                                     {"TARGET_CACHE_HIT_RATE", "0.70"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_THAT(targets->thresholds,
              ElementsAre("http_req_failed=rate<0.01", "http_req_duration=p(95)<200"));
  ASSERT_EQ(targets->figures.size(), 1U);
  EXPECT_EQ(targets->figures[0].measure, "cache_hit_rate");
  EXPECT_EQ(targets->figures[0].target, 0.7);
  EXPECT_TRUE(targets->figures[0].at_least);
  EXPECT_TRUE(targets->warnings.empty());
}

TEST(EnvTargets, WhatIsNoNumberIsAnError) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"TARGET_P95_LATENCY", "200ms"},
                                                        {"TARGET_P95_LATENCY", ""},
                                                        {"TARGET_P95_LATENCY", "-1"},
                                                        {"TARGET_ERROR_RATE", "1%"},
                                                        {"TARGET_ERROR_RATE", "1.5"}}) {
    const auto targets = TargetsOfEnv({{name, value}});
    ASSERT_FALSE(targets.ok()) << name << "=" << value;
    EXPECT_THAT(Message(targets.status()), HasSubstr(name + "=" + value));
  }
}

TEST(EnvTargets, TimeoutsAreAtMost) {
  const auto targets = TargetsOfEnv({{"TARGET_TIMEOUT_RATE", "0.005"}});
  ASSERT_TRUE(targets.ok());
  EXPECT_EQ(targets->figures[0].measure, "timeout_rate");
  EXPECT_FALSE(targets->figures[0].at_least);
}

TEST(EnvTargets, UnknownOnesAreSaid) {
  const auto targets = TargetsOfEnv(
      {{"TARGET_COLOUR", "red"}, {"TARGET_P97_LATENCY", "3"}, {"TARGET_SAMPLE_RATE", "5"}});
  ASSERT_TRUE(targets.ok());
  EXPECT_THAT(targets->warnings, ElementsAre(HasSubstr("TARGET_P97_LATENCY means nothing"),
                                             HasSubstr("TARGET_SAMPLE_RATE=5 is not a rate")));
}

}  // namespace
}  // namespace kload::kctl
