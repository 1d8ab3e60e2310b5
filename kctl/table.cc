#include "kctl/table.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/duration.h"

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

template <typename Unit>
std::string Rounded(int64_t nanos) {
  return FormatDuration(std::chrono::duration_cast<Unit>(Nanos(nanos)));
}

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / 1e9; }

bool HasEnded(const v1::RunInfo& run) {
  return run.state() == "finished" || run.state() == "aborted";
}

}  // namespace

std::string AlignTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}   ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string FormatUtc(int64_t unix_ns) {
  if (unix_ns == 0) return "";
  const std::chrono::system_clock::time_point at(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(Nanos(unix_ns)));
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::string AgentsTable(const v1::ListAgentsResponse& agents) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "STATE", "RUN", "THREADS", "CPU", "RSS", "VUS", "SEEN", "VERSION", "ADDRESS"}};
  for (const v1::AgentInfo& agent : agents.agents()) {
    rows.push_back({agent.name(), agent.state(), OrDash(agent.run_id()),
                    std::to_string(agent.threads()),
                    fmt::format("{:.0f}%", agent.cpu_ratio() * 100),
                    fmt::format("{} MB", agent.rss_bytes() / 1'000'000),
                    fmt::format("{}/{}", agent.vus_active(), agent.vus_scheduled()),
                    Rounded<milliseconds>(agent.heartbeat_age_ns()) + " ago",
                    OrDash(agent.version()), OrDash(agent.address())});
  }
  return AlignTable(rows);
}

std::string RunsTable(const v1::ListRunsResponse& runs) {
  std::vector<std::vector<std::string>> rows = {
      {"RUN", "SCRIPT", "STATE", "STARTED", "DURATION", "AGENTS", "EXIT", "MESSAGE"}};
  for (const v1::RunInfo& run : runs.runs()) {
    rows.push_back({run.run_id(), OrDash(run.script()), run.state(),
                    OrDash(FormatUtc(run.started_unix_ns())), Rounded<seconds>(run.duration_ns()),
                    std::to_string(run.agents()),
                    HasEnded(run) ? std::to_string(run.exit_code()) : "-",
                    run.message().substr(0, run.message().find('\n'))});
  }
  return AlignTable(rows);
}

std::string AgentsJson(const v1::ListAgentsResponse& agents) {
  Json out = Json::array();
  for (const v1::AgentInfo& agent : agents.agents()) {
    out.push_back({{"name", agent.name()},
                   {"state", agent.state()},
                   {"run_id", agent.run_id()},
                   {"threads", agent.threads()},
                   {"cpu_ratio", agent.cpu_ratio()},
                   {"rss_bytes", agent.rss_bytes()},
                   {"heartbeat_age_s", Seconds(agent.heartbeat_age_ns())},
                   {"version", agent.version()},
                   {"address", agent.address()},
                   {"vus_scheduled", agent.vus_scheduled()},
                   {"vus_active", agent.vus_active()},
                   {"vus_at_s", Seconds(agent.vus_at_ns())}});
  }
  return Dump(out);
}

std::string RunsJson(const v1::ListRunsResponse& runs) {
  Json out = Json::array();
  for (const v1::RunInfo& run : runs.runs()) {
    out.push_back({{"run_id", run.run_id()},
                   {"script", run.script()},
                   {"state", run.state()},
                   {"started", FormatUtc(run.started_unix_ns())},
                   {"duration_s", Seconds(run.duration_ns())},
                   {"exit_code", HasEnded(run) ? Json(run.exit_code()) : Json(nullptr)},
                   {"agents", run.agents()},
                   {"message", run.message()}});
  }
  return Dump(out);
}

}  // namespace kload::kctl
