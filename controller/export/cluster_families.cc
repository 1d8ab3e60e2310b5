#include <utility>

#include "controller/export/families.h"

namespace kload::controller {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double Seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

MetricFamily Family(std::string name, MetricType type, std::string help) {
  return {std::move(name), std::move(help), type, {}};
}

void AddGauge(MetricFamily& family, Labels labels, double value) {
  ClientMetric& line = family.metric.emplace_back();
  line.label = std::move(labels);
  line.gauge.value = value;
}

void AddCounter(MetricFamily& family, Labels labels, double value) {
  ClientMetric& line = family.metric.emplace_back();
  line.label = std::move(labels);
  line.counter.value = value;
}

MetricFamily OneGauge(std::string name, std::string help, double value, Labels labels = {}) {
  MetricFamily family = Family(std::move(name), MetricType::Gauge, std::move(help));
  AddGauge(family, std::move(labels), value);
  return family;
}

using AgentValue = double (*)(const AgentFigures&);

void AddAgents(const std::vector<AgentFigures>& agents, Families& families) {
  MetricFamily states = Family("kload_agents", MetricType::Gauge, "Known agents by state");
  double connected = 0;
  for (const char* state : {"idle", "busy", "away", "lost"}) {
    double count = 0;
    for (const AgentFigures& agent : agents) count += agent.state == state;
    AddGauge(states, {{"state", state}}, count);
  }
  for (const AgentFigures& agent : agents) connected += agent.up;
  families.push_back(std::move(states));
  families.push_back(
      OneGauge("kload_agents_connected", "Agents that are connected and alive", connected));

  struct PerAgent {
    const char* name;
    MetricType type;
    const char* help;
    AgentValue value;
  };
  constexpr auto kGauge = MetricType::Gauge;
  constexpr auto kCounter = MetricType::Counter;
  static constexpr PerAgent kPerAgent[] = {
      {"kload_agent_up", kGauge, "Whether the agent is connected and alive",
       [](const AgentFigures& agent) { return agent.up ? 1.0 : 0.0; }},
      {"kload_agent_cpu_ratio", kGauge,
       "CPU seconds per second of the agent's process; 1 is one core",
       [](const AgentFigures& agent) { return agent.cpu_ratio; }},
      {"kload_agent_resident_memory_bytes", kGauge, "Resident memory of the agent's process",
       [](const AgentFigures& agent) { return double(agent.rss_bytes); }},
      {"kload_agent_loop_lag_seconds", kGauge,
       "Worst lateness of a timer within the agent's last interval",
       [](const AgentFigures& agent) { return Seconds(agent.loop_lag); }},
      {"kload_agent_heartbeat_age_seconds", kGauge, "Time since the agent was last heard of",
       [](const AgentFigures& agent) { return Seconds(agent.heartbeat_age); }},
      {"kload_agent_vus", kGauge, "VUs at work on the agent",
       [](const AgentFigures& agent) { return double(agent.vus_active); }},
      {"kload_agent_vus_scheduled", kGauge, "VUs that the plan wants on the agent",
       [](const AgentFigures& agent) { return double(agent.vus_scheduled); }},
      {"kload_deltas_total", kCounter, "Deltas that arrived from the agent's process",
       [](const AgentFigures& agent) { return double(agent.deltas); }},
      {"kload_deltas_duplicate_total", kCounter,
       "Deltas that had arrived before and were not counted again",
       [](const AgentFigures& agent) { return double(agent.deltas_duplicate); }},
  };
  for (const PerAgent& metric : kPerAgent) {
    MetricFamily family = Family(metric.name, metric.type, metric.help);
    for (const AgentFigures& agent : agents) {
      const Labels labels = {{"agent", agent.name}};
      if (metric.type == kCounter) {
        AddCounter(family, labels, metric.value(agent));
      } else {
        AddGauge(family, labels, metric.value(agent));
      }
    }
    families.push_back(std::move(family));
  }
}

void AddRuns(const ClusterFigures& figures, Families& families) {
  MetricFamily started =
      Family("kload_runs_started_total", MetricType::Counter, "Runs that were admitted");
  AddCounter(started, {}, double(figures.runs_started));
  MetricFamily info = Family("kload_run_info", MetricType::Gauge, "Script of the run; always 1");
  MetricFamily state =
      Family("kload_run_state", MetricType::Gauge, "1 for the state that the run is in");
  MetricFamily soundness = Family(
      "kload_run_soundness", MetricType::Gauge,
      "1 for whether the result can be believed so far: the generators kept up, no agent was lost");
  MetricFamily start = Family("kload_run_start_time_seconds", MetricType::Gauge,
                              "When the run was asked for, since 1970");
  MetricFamily exit = Family("kload_run_exit_code", MetricType::Gauge,
                             "Exit code of a finished run, k6's numbers; 0: thresholds hold");
  for (const RunFigures& run : figures.runs) {
    const Labels id = {{"testid", run.id}};
    AddGauge(info, {{"testid", run.id}, {"script", run.script}}, 1);
    for (const char* each : {"waiting", "preparing", "setup", "running", "teardown", "finished"}) {
      AddGauge(state, {{"testid", run.id}, {"state", each}}, run.state == each ? 1 : 0);
    }
    for (const char* each : {"trustworthy", "degraded", "invalid"}) {
      AddGauge(soundness, {{"testid", run.id}, {"label", each}}, run.soundness == each ? 1 : 0);
    }
    AddGauge(start, id, Seconds(run.started_unix));
    if (run.exit_code) AddGauge(exit, id, double(*run.exit_code));
  }
  families.push_back(std::move(started));
  families.push_back(std::move(info));
  families.push_back(std::move(state));
  families.push_back(std::move(soundness));
  families.push_back(std::move(start));
  families.push_back(std::move(exit));
}

}  // namespace

Families CollectClusterFamilies(const ClusterFigures& figures) {
  Families families;
  families.push_back(OneGauge("kload_build_info", "Version of the controller; always 1", 1,
                              {{"version", figures.version}}));
  families.push_back(OneGauge("kload_start_time_seconds",
                              "When the controller's process began, since 1970",
                              Seconds(figures.started_unix)));
  AddAgents(figures.agents, families);
  AddRuns(figures, families);
  return families;
}

Families CollectFamilies(const ClusterFigures& figures, size_t samples_max) {
  Families families = CollectClusterFamilies(figures);
  RunFamilies run = CollectRunFamilies(figures.runs, samples_max);
  families.push_back(OneGauge("kload_export_series_left_out",
                              "Series of runs that this page has no room for; see the README of "
                              "controller/export",
                              double(run.left_out)));
  for (MetricFamily& family : run.families) families.push_back(std::move(family));
  // A family without lines would print a lone HELP.
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return families;
}

}  // namespace kload::controller
