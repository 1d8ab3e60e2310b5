// A request's bytes out, a response's bytes in.
#include <benchmark/benchmark.h>

#include <string>

#include "agent/http/request_head.h"
#include "agent/http/response_parser.h"
#include "agent/http/url.h"

namespace kload::bench {
namespace {

void WriteRequestHead(benchmark::State& state) {
  const http::Target target = *http::ParseUrl("http://127.0.0.1:3001/api/health");
  const http::Headers headers = {{"Authorization", "Bearer token"},
                                 {"Content-Type", "application/json"}};
  agent::HopRequest request;
  request.method = "GET";
  request.headers = &headers;
  std::string head;
  for (auto _ : state) {
    benchmark::DoNotOptimize(agent::WriteHead(request, target, "kload/0.1.0", head).has_value());
  }
}
BENCHMARK(WriteRequestHead);

void ParseResponse(benchmark::State& state) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Fri, 27 Nov 2026 18:00:00 GMT\r\n"
      "Content-Type: application/json\r\nContent-Length: 34\r\nConnection: keep-alive\r\n\r\n"
      "{\"status\":\"ok\",\"service\":\"kushim\"}";
  for (auto _ : state) {
    agent::ParsedResponse response;
    agent::ResponseParser parser(response, false, true);
    benchmark::DoNotOptimize(parser.Feed(bytes));
  }
}
BENCHMARK(ParseResponse);

}  // namespace
}  // namespace kload::bench
