// Which path is which route, and what a request and an answer are.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tests/target/connection.h"

namespace kload::target {

class TokenSigner;

struct ApiRequest {
  std::string method;
  std::string target;  // path with query, as sent
  std::string authorization;
  std::string body;
};

struct ApiAnswer {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
};

// An answer of `{"statusCode": ..., "message": ...}`.
ApiAnswer ErrorAnswer(unsigned status, std::string_view message);

// What a handler gets to see.
struct Call {
  const ApiRequest& request;
  std::map<std::string, std::string, std::less<>> query;  // of the URL
  std::string parameter;                                  // what `:name` stands for
  std::string user;                                       // e-mail of the token's owner
  const TokenSigner& signer;
  bool anonymous_login = true;
};

enum class Access { kOpen, kBearer };
enum class Fault { kNone, kInjected };  // whether --error-rate may strike

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/integrations/:name/status"; the label `route` of the counters
  Access access = Access::kBearer;
  Fault fault = Fault::kInjected;
  ApiAnswer (*handler)(const Call&, Connection&) = nullptr;  // null: answered without the database
  bool cached = false;  // the answer depends on the URL alone; see --cache
};

struct Match {
  const Route* route = nullptr;  // null: no such path, or no such method there
  bool path_known = false;
  std::string parameter;
  std::map<std::string, std::string, std::less<>> query;
};

// Finds the route of "GET /api/evidence?limit=20". Malformed targets match nothing.
Match FindRoute(std::string_view method, std::string_view target);

inline constexpr std::string_view kHealthRoute = "/api/health";
inline constexpr std::string_view kMetricsRoute = "/api/metrics";

}  // namespace kload::target
