// Requests and responses as text, for the log: `httpDebug`.
//
// Thread: one worker's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/http/response_parser.h"

namespace kload::agent {

// Longer bodies are cut, and the text says so.
inline constexpr size_t kDumpBodyBytes = 16 * 1024;

// Logs what one client sends and receives, with a request_id that is the same for a request and its response and differs
// between all of a run.
class HttpDump {
 public:
  // `prefix` of the ids: no other client of the run has it.
  HttpDump(std::string prefix, bool with_bodies, std::function<void(std::string_view)> log)
      : prefix_(std::move(prefix)), with_bodies_(with_bodies), log_(std::move(log)) {}

  bool with_bodies() const { return with_bodies_; }
  void Request(std::string_view head, std::string_view body);
  // To the last request.
  void Response(const ParsedResponse& response);

 private:
  const std::string prefix_;
  const bool with_bodies_;
  const std::function<void(std::string_view)> log_;
  uint64_t requests_ = 0;
  std::string request_id_;
};

// What is sent, as it is sent. `request_id` is the same for a request and its response.
std::string DumpRequest(std::string_view head, std::string_view body, bool with_body,
                        std::string_view request_id);
// What came back; the body decoded.
std::string DumpResponse(const ParsedResponse& response, bool with_body,
                         std::string_view request_id);

}  // namespace kload::agent
