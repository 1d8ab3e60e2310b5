// What a script costs: the making of a VU, calls into C++, the response object.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/k6/offline_host.h"
#include "common/k6/script.h"

namespace kload::bench {
namespace {

// Answers every request at once.
class InstantHost final : public k6::OfflineHost {
 public:
  absl::Status Sleep(Nanos, bool) override { return absl::OkStatus(); }
  absl::Status Fetch(const http::Request& request, const Tags&, http::Response& response) override {
    response.status = 200;
    response.status_text = "200 OK";
    response.proto = "HTTP/1.1";
    response.url = request.url;
    response.headers.Add("Content-Type", "application/json");
    response.headers.Add("Content-Length", "34");
    response.body = R"({"status":"ok","service":"kushim"})";
    response.hops.emplace_back().status = 200;
    return absl::OkStatus();
  }
  void Log(k6::LogLevel, std::string_view text, std::string_view) override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }
};

std::shared_ptr<const k6::CompiledScript> Compile(const std::string& iteration) {
  k6::Bundle bundle;
  bundle.main = "/bench.js";
  bundle.files["/bench.js"] =
      "import http from 'k6/http'; import { check, group, sleep } from 'k6';\n"
      "import { Rate, Trend } from 'k6/metrics';\n"
      "const errors = new Rate('errors'), latency = new Trend('latency');\n"
      "const params = { headers: { Authorization: 'Bearer token' }, tags: { name: 'health' } };\n"
      "const kept = http.url`http://x/`;\nfunction nothing() {}\n"
      "export default function () { for (let i = 0; i < 100; ++i) {" +
      iteration + "} }\n";
  auto script = k6::CompiledScript::Compile(bundle);
  if (!script.ok()) {
    std::fprintf(stderr, "%s\n", Message(script.status()).c_str());
    std::abort();
  }
  return *script;
}

void CreateVu(benchmark::State& state) {
  const auto script = Compile("nothing();");
  InstantHost host;
  for (auto _ : state) {
    benchmark::DoNotOptimize(k6::ScriptInstance::Create(script, host, {}).ok());
  }
}
BENCHMARK(CreateVu)->Unit(benchmark::kMicrosecond);

// Time is that of one turn of the script's loop of 100.
void Loop(benchmark::State& state, const std::string& iteration) {
  InstantHost host;
  auto instance = k6::ScriptInstance::Create(Compile(iteration), host, {}).value();
  int64_t number = 0;
  for (auto _ : state) {
    const k6::Outcome outcome = instance->CallIteration("default", number++);
    if (outcome.kind != k6::Outcome::Kind::kOk) {
      state.SkipWithError(outcome.message.c_str());
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK_CAPTURE(Loop, script_function, "nothing();");
BENCHMARK_CAPTURE(Loop, native_function, "sleep(0);");
BENCHMARK_CAPTURE(Loop, metric_add, "errors.add(1);");
BENCHMARK_CAPTURE(Loop, http_get, "http.get('http://127.0.0.1:3001/api/health');");
BENCHMARK_CAPTURE(Loop, http_get_params, "http.get('http://127.0.0.1:3001/api/health', params);");
BENCHMARK_CAPTURE(Loop, http_get_status_body,
                  "const r = http.get('http://127.0.0.1:3001/api/health'); r.status; r.body;");
BENCHMARK_CAPTURE(Loop, http_get_json,
                  "http.get('http://127.0.0.1:3001/api/health').json('status');");
BENCHMARK_CAPTURE(Loop, http_get_check,
                  "check(http.get('http://127.0.0.1:3001/api/health'), "
                  "{ ok: (r) => r.status === 200 });");

}  // namespace
}  // namespace kload::bench

BENCHMARK_MAIN();
