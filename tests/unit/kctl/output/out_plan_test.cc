#include "kctl/output/out_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "kctl/output/prometheus_settings.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string Refusal(const std::vector<std::string>& outs, const Environment& environment = {}) {
  const auto plan = PlanOuts(outs, environment);
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status()));
  return Message(plan.status());
}

TEST(PlanOuts, FilesInTheOrderOfTheFlags) {
  const auto plan = PlanOuts({"csv=a=b.csv", "json=out.json.gz", "json"}, {{"K6_OUT", "csv=no"}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->files.size(), 3u);
  EXPECT_EQ(plan->files[0].kind, FileOut::Kind::kCsv);
  EXPECT_EQ(plan->files[0].path, "a=b.csv");
  EXPECT_EQ(plan->files[1].kind, FileOut::Kind::kJson);
  EXPECT_EQ(plan->files[1].path, "out.json.gz");
  EXPECT_EQ(plan->files[2].path, "-");
  EXPECT_THAT(plan->descriptions,
              ElementsAre("csv (a=b.csv)", "json (out.json.gz)", "json (stdout)"));
}

TEST(PlanOuts, TheVariableSpeaksWhenThereIsNoFlag) {
  const auto plan = PlanOuts({}, {{"K6_OUT", "json=a.json,csv"}, {"K6_CSV_FILENAME", "b.csv"}});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->descriptions, ElementsAre("json (a.json)", "csv (b.csv)"));
  EXPECT_EQ(PlanOuts({}, {})->files.size(), 0u);
}

TEST(PlanOuts, CsvHasItsSettings) {
  const auto plan =
      PlanOuts({"csv"}, {{"K6_CSV_TIME_FORMAT", "unix_milli"}, {"K6_CSV_SAVE_INTERVAL", "250ms"}});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->files[0].path, "file.csv");
  EXPECT_EQ(plan->csv_time, TimeFormat::kUnixMilli);
  EXPECT_EQ(plan->csv_interval, std::chrono::milliseconds(250));
  EXPECT_THAT(Refusal({"csv"}, {{"K6_CSV_TIME_FORMAT", "iso"}}), HasSubstr("K6_CSV_TIME_FORMAT"));
  EXPECT_THAT(Refusal({"csv"}, {{"K6_CSV_SAVE_INTERVAL", "5"}}), HasSubstr("K6_CSV_SAVE_INTERVAL"));
}

TEST(PlanOuts, WhatOnlyK6HasAndWhatNobodyKnows) {
  EXPECT_THAT(Refusal({"statsd"}),
              HasSubstr("statsd: this output of k6 is not available in kload"));
  EXPECT_THAT(Refusal({"influxdb=http://localhost:8086/k6"}), HasSubstr("not available in kload"));
  for (const char* name : {"cloud", "opentelemetry", "web-dashboard", "datadog", "kafka"}) {
    EXPECT_THAT(Refusal({name}), HasSubstr(name));
  }
  EXPECT_THAT(Refusal({"jsn=x"}),
              HasSubstr("there are json, csv, experimental-prometheus-rw and prometheus"));
}

TEST(PlanOuts, PrometheusWithK6sDefaults) {
  const auto plan = PlanOuts({"experimental-prometheus-rw"}, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->prometheus.size(), 1u);
  const v1::PrometheusWrite& settings = plan->prometheus[0];
  EXPECT_EQ(settings.url(), "http://localhost:9090/api/v1/write");
  EXPECT_EQ(settings.push_interval_ns(), 5'000'000'000);
  EXPECT_THAT(settings.trend_stats(), ElementsAre("p(99)"));
  EXPECT_EQ(settings.tls_minimum_version(), "1.3");
  EXPECT_FALSE(settings.stale_markers());
  EXPECT_TRUE(plan->files.empty());
  EXPECT_THAT(plan->descriptions,
              ElementsAre("Prometheus remote write (http://localhost:9090/api/v1/write)"));
}

TEST(PlanOuts, PrometheusTakesTheVariables) {
  const auto plan = PlanOuts({"experimental-prometheus-rw"},
                             {{"K6_PROMETHEUS_RW_SERVER_URL", "https://u:p@prom.example/write"},
                              {"K6_PROMETHEUS_RW_USERNAME", "me"},
                              {"K6_PROMETHEUS_RW_PASSWORD", "secret"},
                              {"K6_PROMETHEUS_RW_BEARER_TOKEN", "token"},
                              {"K6_PROMETHEUS_RW_HTTP_HEADERS", "X-Scope:a, X-Other:b:c"},
                              {"K6_PROMETHEUS_RW_HEADERS_X-Third", "d"},
                              {"K6_PROMETHEUS_RW_PUSH_INTERVAL", "2s"},
                              {"K6_PROMETHEUS_RW_TREND_STATS", "p(95),avg, p(99.9)"},
                              {"K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM", "true"},
                              {"K6_PROMETHEUS_RW_STALE_MARKERS", "1"},
                              {"K6_PROMETHEUS_RW_INSECURE_SKIP_TLS_VERIFY", "true"},
                              {"K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION", "tls1.2"}});
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  const v1::PrometheusWrite& settings = plan->prometheus[0];
  EXPECT_EQ(settings.url(), "https://u:p@prom.example/write");
  EXPECT_THAT(plan->descriptions,
              ElementsAre("Prometheus remote write (https://prom.example/write)"));
  EXPECT_EQ(settings.username(), "me");
  EXPECT_EQ(settings.password(), "secret");
  EXPECT_EQ(settings.bearer_token(), "token");
  EXPECT_THAT(settings.headers(), UnorderedElementsAre(Pair("X-Scope", "a"), Pair("X-Other", "b:c"),
                                                       Pair("X-Third", "d")));
  EXPECT_EQ(settings.push_interval_ns(), 2'000'000'000);
  EXPECT_THAT(settings.trend_stats(), ElementsAre("p(95)", "avg", "p(99.9)"));
  EXPECT_TRUE(settings.native_histograms());
  EXPECT_TRUE(settings.stale_markers());
  EXPECT_TRUE(settings.insecure_skip_tls_verify());
  EXPECT_EQ(settings.tls_minimum_version(), "1.2");
}

TEST(PlanOuts, PrometheusByItsAddress) {
  EXPECT_EQ(RemoteWriteUrl("localhost:9090"), "http://localhost:9090/api/v1/write");
  EXPECT_EQ(RemoteWriteUrl("https://prom/"), "https://prom/api/v1/write");
  EXPECT_EQ(RemoteWriteUrl("http://prom:9090/push"), "http://prom:9090/push");
  EXPECT_EQ(PlanOuts({"prometheus=h:1"}, {})->prometheus[0].url(), "http://h:1/api/v1/write");
}

TEST(PlanOuts, PrometheusRefusesByName) {
  const std::vector<std::string> outs = {"experimental-prometheus-rw"};
  EXPECT_THAT(Refusal({"experimental-prometheus-rw=ftp://x"}), HasSubstr("ftp://x"));
  for (const char* name : {"SIGV4_REGION", "SIGV4_ACCESS_KEY", "SIGV4_SECRET_KEY",
                           "CLIENT_CERTIFICATE", "CLIENT_CERTIFICATE_KEY"}) {
    const std::string variable = std::string("K6_PROMETHEUS_RW_") + name;
    EXPECT_THAT(Refusal(outs, {{variable, "x"}}), HasSubstr(variable + ": is not available"));
  }
  for (const char* name : {"PUSH_INTERVAL", "STALE_MARKERS", "TLS_MINIMUM_VERSION", "HTTP_HEADERS",
                           "TREND_AS_NATIVE_HISTOGRAM"}) {
    const std::string variable = std::string("K6_PROMETHEUS_RW_") + name;
    EXPECT_THAT(Refusal(outs, {{variable, "x"}}), HasSubstr(variable));
  }
}

}  // namespace
}  // namespace kload::kctl
