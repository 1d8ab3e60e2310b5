#include "kctl/output/out_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/base/url_text.h"
#include "kctl/output/prometheus_settings.h"

namespace kload::kctl {
namespace {

constexpr char kThereAre[] = "there are json, csv, experimental-prometheus-rw and prometheus";

// Outputs of k6, also of older versions, that kload does not have.
constexpr std::string_view kK6Only[] = {"cloud",  "datadog",       "influxdb",
                                        "kafka",  "opentelemetry", "experimental-opentelemetry",
                                        "statsd", "web-dashboard"};

std::string Variable(const Environment& environment, const std::string& name,
                     const std::string& otherwise) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? otherwise : found->second;
}

absl::Status AddJson(const std::string& argument, OutPlan& plan) {
  const std::string path = argument.empty() ? "-" : argument;
  plan.files.push_back({FileOut::Kind::kJson, path});
  plan.descriptions.push_back(fmt::format("json ({})", path == "-" ? "stdout" : path));
  return absl::OkStatus();
}

absl::Status AddCsv(const std::string& argument, const Environment& environment, OutPlan& plan) {
  const std::string path =
      argument.empty() ? Variable(environment, "K6_CSV_FILENAME", "file.csv") : argument;
  absl::StatusOr<TimeFormat> format =
      ParseTimeFormat(Variable(environment, "K6_CSV_TIME_FORMAT", "unix"));
  if (!format.ok()) return Annotate(format.status(), "K6_CSV_TIME_FORMAT");
  const absl::StatusOr<Nanos> interval =
      ParseDuration(Variable(environment, "K6_CSV_SAVE_INTERVAL", "1s"), BareNumber::kRefused);
  if (!interval.ok()) return Annotate(interval.status(), "K6_CSV_SAVE_INTERVAL");
  plan.csv_time = *format;
  plan.csv_interval = *interval;
  plan.files.push_back({FileOut::Kind::kCsv, path});
  plan.descriptions.push_back(fmt::format("csv ({})", path == "-" ? "stdout" : path));
  return absl::OkStatus();
}

absl::Status AddPrometheus(const std::string& name, const std::string& argument,
                           const Environment& environment, OutPlan& plan) {
  KLOAD_ASSIGN_OR_RETURN(v1::PrometheusWrite settings, PrometheusFromEnvironment(environment));
  if (!argument.empty()) {
    settings.set_url(name == "prometheus" ? RemoteWriteUrl(argument) : argument);
  }
  KLOAD_RETURN_IF_ERROR(Annotate(CheckUrl(settings.url()), "--out " + name));
  plan.descriptions.push_back(
      fmt::format("Prometheus remote write ({})", WithoutCredentials(settings.url())));
  plan.prometheus.push_back(std::move(settings));
  return absl::OkStatus();
}

absl::Status Add(const std::string& out, const Environment& environment, OutPlan& plan) {
  const size_t equals = std::min(out.find('='), out.size());
  const std::string name = out.substr(0, equals);
  const std::string argument = equals == out.size() ? "" : out.substr(equals + 1);
  if (name == "json") return AddJson(argument, plan);
  if (name == "csv") return AddCsv(argument, environment, plan);
  if (name == "experimental-prometheus-rw" || name == "prometheus") {
    return AddPrometheus(name, argument, environment, plan);
  }
  if (std::find(std::begin(kK6Only), std::end(kK6Only), name) != std::end(kK6Only)) {
    return absl::InvalidArgumentError(
        fmt::format("--out {}: this output of k6 is not available in kload; {}", name, kThereAre));
  }
  return absl::InvalidArgumentError(
      fmt::format("--out {}: there is no output of this name; {}", name, kThereAre));
}

std::vector<std::string> FromVariable(const std::string& text) {
  std::vector<std::string> outs;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) outs.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return outs;
}

}  // namespace

absl::StatusOr<OutPlan> PlanOuts(const std::vector<std::string>& outs,
                                 const Environment& environment) {
  OutPlan plan;
  for (const std::string& out :
       outs.empty() ? FromVariable(Variable(environment, "K6_OUT", "")) : outs) {
    KLOAD_RETURN_IF_ERROR(Add(out, environment, plan));
  }
  return plan;
}

}  // namespace kload::kctl
