#include "agent/http/http_dump.h"

#include <fmt/format.h>

#include <algorithm>

namespace kload::agent {
namespace {

std::string Text(std::string_view kind, std::string head, std::string_view body, bool with_body,
                 std::string_view request_id) {
  head.erase(std::remove(head.begin(), head.end(), '\r'), head.end());
  while (head.ends_with('\n')) head.pop_back();
  std::string text = fmt::format("{} request_id={}\n{}", kind, request_id, head);
  if (!with_body || body.empty()) return text;
  text += "\n\n";
  text += body.substr(0, kDumpBodyBytes);
  if (body.size() > kDumpBodyBytes) {
    text += fmt::format("\n... and {} more bytes", body.size() - kDumpBodyBytes);
  }
  return text;
}

}  // namespace

void HttpDump::Request(std::string_view head, std::string_view body) {
  request_id_ = fmt::format("{}-{}", prefix_, ++requests_);
  log_(DumpRequest(head, body, with_bodies_, request_id_));
}

void HttpDump::Response(const ParsedResponse& response) {
  log_(DumpResponse(response, with_bodies_, request_id_));
}

std::string DumpRequest(std::string_view head, std::string_view body, bool with_body,
                        std::string_view request_id) {
  return Text("Request:", std::string(head), body, with_body, request_id);
}

std::string DumpResponse(const ParsedResponse& response, bool with_body,
                         std::string_view request_id) {
  std::string head = fmt::format("{} {}\n", response.proto, response.status_text);
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\n", name, value);
  return Text("Response:", std::move(head), response.body, with_body, request_id);
}

}  // namespace kload::agent
