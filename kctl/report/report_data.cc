#include "kctl/report/report_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "common/base/duration.h"

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;

double Seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

// Three decimals are more than a chart shows, and half of the page's size.
double Short(double value) { return std::isfinite(value) ? std::round(value * 1e3) / 1e3 : value; }

Json RunData(const Result& result) {
  const Verdict verdict = VerdictOf(result);
  const bool ended = result.finished() || result.state == "aborted";
  Json run = {{"id", result.run_id},
              {"script", result.script},
              {"state", result.state},
              {"message", result.message},
              {"exitCode", ended ? Json(result.exit_code) : Json()},
              {"started", UtcText(result.started_unix)},
              {"seconds", Seconds(result.duration)},
              {"duration", RunTimeText(result.duration)},
              {"agents", result.agents},
              {"verdict", {{"text", verdict.text}, {"mood", MoodName(verdict.mood)}}},
              {"soundness", nullptr}};
  if (!result.summary || result.summary->soundness.label == SoundnessLabel::kNotJudged) return run;
  const Soundness& soundness = result.summary->soundness;
  Json reasons = Json::array();
  for (const Finding& finding : soundness.findings) {
    reasons.push_back({{"label", SoundnessName(finding.label)},
                       {"reason", finding.reason},
                       {"agent", finding.agent},
                       {"from", RunTimeText(finding.from)},
                       {"to", RunTimeText(finding.to)}});
  }
  run["soundness"] = {{"text", SoundnessName(soundness.label)},
                      {"mood", MoodName(MoodOf(soundness.label))},
                      {"reasons", std::move(reasons)}};
  return run;
}

Json PointsData(const Result& result) {
  Json columns = Json::object();
  const auto add = [&](const char* name, auto&& value) {
    Json column = Json::array();
    for (const ResultPoint& point : result.points) column.push_back(value(point));
    columns[name] = std::move(column);
  };
  const auto rate = [](auto member) {
    return [member](const ResultPoint& point) {
      return point.seconds() > 0 ? Short(static_cast<double>(point.*member) / point.seconds()) : 0;
    };
  };
  // Nothing was asked, nothing was slow: a gap in the line.
  const auto latency = [](double ResultPoint::*member) {
    return [member](const ResultPoint& point) {
      return point.requests > 0 ? Json(Short(point.*member)) : Json();
    };
  };
  add("at", [](const ResultPoint& point) { return Short(Seconds(point.at)); });
  add("vus", [](const ResultPoint& point) { return point.vus; });
  add("requests", rate(&ResultPoint::requests));
  add("failed", rate(&ResultPoint::failed));
  add("iterations", rate(&ResultPoint::iterations));
  add("dropped", rate(&ResultPoint::dropped_iterations));
  add("p50", latency(&ResultPoint::p50));
  add("p95", latency(&ResultPoint::p95));
  add("p99", latency(&ResultPoint::p99));
  add("sent", rate(&ResultPoint::bytes_sent));
  add("received", rate(&ResultPoint::bytes_received));
  return columns;
}

// Cells [from s, to s, bucket, samples] and the buckets' edges in ms: bucket i is (edges[i], edges[i + 1]].
Json HeatData(const Result& result) {
  const std::vector<ResultPoint>& points = result.points;
  const size_t together = (points.size() + kHeatColumns - 1) / kHeatColumns;
  Json cells = Json::array();
  for (size_t first = 0; first < points.size(); first += together) {
    const size_t end = std::min(first + together, points.size());
    std::vector<uint64_t> counts(kHeatBuckets);
    for (size_t i = first; i < end; ++i) {
      for (size_t bucket = 0; bucket < points[i].heat.size(); ++bucket) {
        counts[bucket] += points[i].heat[bucket];
      }
    }
    const double from = Short(Seconds(points[first].at - points[first].length));
    const double to = Short(Seconds(points[end - 1].at));
    for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
      if (counts[bucket] > 0) cells.push_back({from, to, bucket, counts[bucket]});
    }
  }
  Json edges = {HeatUpperEdge(0) * HeatUpperEdge(0) / HeatUpperEdge(1)};
  for (size_t bucket = 0; bucket < kHeatBuckets; ++bucket) edges.push_back(HeatUpperEdge(bucket));
  return {{"cells", std::move(cells)}, {"edges", std::move(edges)}};
}

// Bars [from ms, to ms, samples] of equal width on a logarithmic axis.
Json HistogramData(const Result& result) {
  const TrendSink* trend = result.Trend("http_req_duration");
  if (trend == nullptr || trend->count() == 0) return nullptr;
  constexpr int32_t kCoarse = 32;  // of 512 buckets per doubling
  std::map<int32_t, uint64_t> counts;
  // Bucket i ends at edge i: those of a bar are (first, last] in multiples of kCoarse.
  trend->histogram.positive().ForEach([&](int32_t index, uint64_t count) {
    counts[static_cast<int32_t>(std::ceil(static_cast<double>(index) / kCoarse))] += count;
  });
  Json bars = Json::array();
  for (const auto& [bar, count] : counts) {
    bars.push_back(
        {BucketUpperEdge((bar - 1) * kCoarse) * 1e3, BucketUpperEdge(bar * kCoarse) * 1e3, count});
  }
  Json quantiles = Json::object();
  for (const auto& [name, p] : {std::pair("p50", 0.5), {"p95", 0.95}, {"p99", 0.99}}) {
    quantiles[name] = trend->Quantile(p, ValueKind::kTime);
  }
  return {{"bars", std::move(bars)}, {"quantiles", std::move(quantiles)}};
}

Json EndpointsData(const Result& result) {
  Json rows = Json::array();
  const double seconds = RateSeconds(result);
  for (const Endpoint& endpoint : result.endpoints) {
    const bool timed = endpoint.duration.count() > 0;
    const auto quantile = [&](double p) { return timed ? Json(QuantileOf(endpoint, p)) : Json(); };
    rows.push_back(
        {{"method", endpoint.method},
         {"name", endpoint.name},
         {"requests", endpoint.requests},
         {"rate", seconds > 0 ? Json(static_cast<double>(endpoint.requests) / seconds) : Json()},
         {"p50", quantile(0.5)},
         {"p90", quantile(0.9)},
         {"p95", quantile(0.95)},
         {"p99", quantile(0.99)},
         {"max", quantile(1)},
         {"failed", endpoint.failed},
         {"statuses", endpoint.statuses},
         {"errorCodes", endpoint.error_codes}});
  }
  return rows;
}

Json AgentsData(const Result& result) {
  Json rows = Json::array();
  if (!result.summary) return rows;
  for (const AgentSummary& agent : result.summary->agents) {
    rows.push_back({{"name", agent.name},
                    {"requests", agent.requests},
                    {"iterations", agent.iterations},
                    {"late", agent.iterations_late},
                    {"dropped", agent.iterations_dropped},
                    {"errors", agent.generator_errors},
                    {"cpu", agent.cpu_ratio_max},
                    {"cores", agent.cores},
                    {"lag", Seconds(agent.loop_lag_max) * 1e3},
                    {"joined", agent.joined_at > Nanos(0) ? RunTimeText(agent.joined_at) : ""},
                    {"lost", agent.lost ? Json(RunTimeText(agent.lost_at)) : Json()},
                    {"why", agent.lost_why},
                    {"until", agent.lost_until > Nanos(0) ? RunTimeText(agent.lost_until) : ""}});
  }
  return rows;
}

Json NotesData(const Result& result) {
  Json rows = Json::array();
  for (const RunNote& note : result.notes) {
    rows.push_back({{"at", Seconds(note.at)},
                    {"time", RunTimeText(note.at)},
                    {"kind", note.kind},
                    {"agent", note.agent},
                    {"text", note.text}});
  }
  return rows;
}

Json WatchedData(const Result& result) {
  Json rows = Json::array();
  for (const WatchedSeries& series : result.watched) {
    Json at = Json::array();
    Json value = Json::array();
    for (const WatchedPoint& point : series.points) {
      at.push_back(Short(Seconds(point.at)));
      value.push_back(point.value);
    }
    rows.push_back({{"name", series.name},
                    {"expression", series.expression},
                    {"problem", series.problem},
                    {"at", std::move(at)},
                    {"value", std::move(value)}});
  }
  return rows;
}

Json JudgementData(const Report& report) {
  Json data = {{"thresholds", Json::array()},
               {"checks", Json::array()},
               {"targets", Json::array()},
               {"findings", Json::array()},
               {"limits", Json::array()}};
  for (const ThresholdRow& row : ThresholdRows(report.result)) {
    data["thresholds"].push_back({{"metric", row.metric},
                                  {"expression", row.expression},
                                  {"observed", row.observed},
                                  {"ok", row.ok}});
  }
  for (const CheckRow& row : CheckRows(report.result)) {
    data["checks"].push_back({{"name", row.name}, {"passes", row.passes}, {"fails", row.fails}});
  }
  for (const analysis::TargetRow& row : report.targets) {
    data["targets"].push_back({{"group", row.group},
                               {"name", row.name},
                               {"measured", row.measured},
                               {"target", row.target},
                               {"critical", row.critical},
                               {"detail", row.detail},
                               {"verdict", analysis::TargetVerdictName(row.verdict)},
                               {"mood", MoodName(MoodOf(row.verdict))}});
  }
  for (const analysis::Symptom& finding : report.findings) {
    data["findings"].push_back({{"severity", analysis::SeverityName(finding.severity)},
                                {"title", finding.title},
                                {"evidence", finding.evidence},
                                {"next", finding.next}});
  }
  for (const LatencyLimit& limit : LatencyLimits(report.result)) {
    data["limits"].push_back({{"quantile", fmt::format("p{:.6g}", limit.quantile * 100)},
                              {"ms", limit.ms},
                              {"expression", limit.expression}});
  }
  return data;
}

// Reports are sent around: keys of client certificates stay out of them.
void HideKeys(Json& options) {
  const auto certificates = options.find("tlsAuth");
  if (certificates == options.end() || !certificates->is_array()) return;
  for (Json& certificate : *certificates) {
    if (!certificate.is_object()) continue;
    for (const char* secret : {"key", "password"}) {
      if (certificate.contains(secret)) certificate[secret] = "(not shown)";
    }
  }
}

Json OptionsData(const Result& result) {
  const std::string& text = result.plan.options.consolidated_options_json;
  Json options = Json::parse(text, nullptr, false);
  if (!options.is_object()) return nullptr;
  HideKeys(options);
  return options;
}

}  // namespace

Json ReportData(const Report& report) {
  const Result& result = report.result;
  Json data = JudgementData(report);
  data["run"] = RunData(result);
  data["figures"] = Json::array();
  for (const KeyFigure& figure : KeyFigures(result)) {
    data["figures"].push_back(
        {{"label", figure.label}, {"value", figure.value}, {"detail", figure.detail}});
  }
  data["points"] = PointsData(result);
  data["heat"] = HeatData(result);
  data["histogram"] = HistogramData(result);
  data["endpoints"] = EndpointsData(result);
  data["agents"] = AgentsData(result);
  data["notes"] = NotesData(result);
  data["watched"] = WatchedData(result);
  data["warnings"] = result.summary ? Json(result.summary->warnings) : Json::array();
  data["options"] = OptionsData(result);
  return data;
}

}  // namespace kload::kctl
