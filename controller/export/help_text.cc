#include "controller/export/help_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace kload::controller {
namespace {

constexpr std::pair<std::string_view, std::string_view> kBuiltin[] = {
    {"vus", "VUs at work in the whole cluster"},
    {"vus_max", "VUs that exist in the whole cluster"},
    {"iterations", "Iterations that ran to their end"},
    {"iteration_duration", "Time of one whole iteration"},
    {"dropped_iterations", "Iterations that no VU was free for"},
    {"iteration_exceptions", "Iterations that ended by an uncaught exception"},
    {"iteration_start_delay", "Time from when an iteration was due to when it began"},
    {"http_req_duration_intended", "Time of a request, counted from when its iteration was due"},
    {"checks", "Part of the checks that held"},
    {"group_duration", "Time of one group"},
    {"http_reqs", "HTTP requests sent"},
    {"http_req_failed", "Part of the HTTP requests that failed"},
    {"http_req_duration", "Time of an HTTP request: sending, waiting and receiving"},
    {"http_req_blocked", "Time that an HTTP request waited for its connection"},
    {"http_req_connecting", "Time to make the TCP connection of an HTTP request"},
    {"http_req_tls_handshaking", "Time of the TLS handshake of an HTTP request"},
    {"http_req_sending", "Time to send an HTTP request"},
    {"http_req_waiting", "Time from an HTTP request's end to its response's first byte"},
    {"http_req_receiving", "Time to receive an HTTP response"},
    {"http_reqs_interrupted", "HTTP requests cut off by the end of a graceful period"},
    {"data_sent", "Bytes sent"},
    {"data_received", "Bytes received"},
};

}  // namespace

std::string DescribeMetric(const MetricDef& metric) {
  for (const auto& [name, text] : kBuiltin) {
    if (name == metric.name) return std::string(text);
  }
  return fmt::format("The script's own {} {}", TypeName(metric.type), metric.name);
}

}  // namespace kload::controller
