#include "kctl/table.h"

#include <gtest/gtest.h>

namespace kload::kctl {
namespace {

v1::ListAgentsResponse TwoAgents() {
  v1::ListAgentsResponse response;
  v1::AgentInfo& busy = *response.add_agents();
  busy.set_name("a1");
  busy.set_state("busy");
  busy.set_run_id("r-1");
  busy.set_threads(2);
  busy.set_cpu_ratio(0.634);
  busy.set_rss_bytes(52'400'000);
  busy.set_heartbeat_age_ns(312'345'678);
  busy.set_version("0.1.0");
  busy.set_address("10.0.0.7:4711");
  busy.set_vus_scheduled(25);
  busy.set_vus_active(24);
  busy.set_vus_at_ns(12'000'000'000);
  v1::AgentInfo& idle = *response.add_agents();
  idle.set_name("agent-two");
  idle.set_state("idle");
  return response;
}

v1::ListRunsResponse TwoRuns() {
  v1::ListRunsResponse response;
  v1::RunInfo& done = *response.add_runs();
  done.set_run_id("r-1");
  done.set_script("stress");
  done.set_state("finished");
  done.set_started_unix_ns(1'769'848'200'000'000'000);
  done.set_duration_ns(90'400'000'000);
  done.set_exit_code(99);
  done.set_agents(8);
  done.set_message("thresholds crossed\nsecond line");
  v1::RunInfo& running = *response.add_runs();
  running.set_run_id("r-2");
  running.set_script("soak.js");
  running.set_state("running");
  return response;
}

TEST(AgentsTable, AlignsColumns) {
  EXPECT_EQ(
      AgentsTable(TwoAgents()),
      "NAME        STATE   RUN   THREADS   CPU   RSS     VUS     SEEN        VERSION   ADDRESS\n"
      "a1          busy    r-1   2         63%   52 MB   24/25   312ms ago   0.1.0     "
      "10.0.0.7:4711\n"
      "agent-two   idle    -     0         0%    0 MB    0/0     0s ago      -         -\n");
}

TEST(RunsTable, AlignsColumns) {
  EXPECT_EQ(RunsTable(TwoRuns()),
            "RUN   SCRIPT    STATE      STARTED                DURATION   AGENTS   EXIT   MESSAGE\n"
            "r-1   stress    finished   2026-01-31T08:30:00Z   1m30s      8        99     "
            "thresholds crossed\n"
            "r-2   soak.js   running    -                      0s         0        -\n");
}

TEST(AgentsJson, IsAnArrayOfObjects) {
  v1::ListAgentsResponse one;
  *one.add_agents() = TwoAgents().agents(0);
  EXPECT_EQ(AgentsJson(one), R"([
  {
    "name": "a1",
    "state": "busy",
    "run_id": "r-1",
    "threads": 2,
    "cpu_ratio": 0.634,
    "rss_bytes": 52400000,
    "heartbeat_age_s": 0.312345678,
    "version": "0.1.0",
    "address": "10.0.0.7:4711",
    "vus_scheduled": 25,
    "vus_active": 24,
    "vus_at_s": 12.0
  }
]
)");
  EXPECT_EQ(AgentsJson({}), "[]\n");
}

TEST(RunsJson, HasNoExitCodeBeforeTheEnd) {
  const std::string json = RunsJson(TwoRuns());
  EXPECT_NE(json.find("\"exit_code\": 99"), std::string::npos);
  EXPECT_NE(json.find("\"exit_code\": null"), std::string::npos);
  EXPECT_NE(json.find("\"started\": \"2026-01-31T08:30:00Z\""), std::string::npos);
}

}  // namespace
}  // namespace kload::kctl
