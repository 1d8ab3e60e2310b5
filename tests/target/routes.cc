#include "tests/target/routes.h"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "tests/target/handlers.h"

namespace kload::target {
namespace {

// Logging in and making accounts never fail by chance: one that is lost would make a whole run fail.
constexpr std::array<Route, 12> kRoutes = {{
    {"POST", "/api/auth/login", Access::kOpen, Fault::kNone, &Login},
    {"POST", "/api/users", Access::kBearer, Fault::kNone, &CreateUser},
    {"GET", kHealthRoute, Access::kOpen, Fault::kInjected, nullptr},
    {"GET", kMetricsRoute, Access::kOpen, Fault::kNone, nullptr},
    {"GET", "/api/compliance/controls", Access::kBearer, Fault::kInjected, &ListControls, true},
    {"GET", "/api/compliance/stats", Access::kBearer, Fault::kInjected, &ComplianceStats, true},
    {"GET", "/api/integrations", Access::kBearer, Fault::kInjected, &ListIntegrations, true},
    {"GET", "/api/integrations/:name/status", Access::kBearer, Fault::kInjected,
     &IntegrationStatus},
    {"GET", "/api/integrations/:name/health", Access::kBearer, Fault::kInjected,
     &IntegrationHealth},
    {"GET", "/api/evidence", Access::kBearer, Fault::kInjected, &ListEvidence},
    {"GET", "/api/users/profile", Access::kBearer, Fault::kInjected, &UserProfile},
    {"GET", "/api/audit/logs", Access::kBearer, Fault::kInjected, &ListAuditLogs},
}};

// Takes the first segment off "/a/b": returns "a", leaves "/b".
std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool Matches(std::string_view pattern, std::string_view path, std::string& parameter) {
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view expected = TakeSegment(pattern);
    const std::string_view given = TakeSegment(path);
    if (expected.starts_with(':')) {
      parameter = given;
    } else if (expected != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

ApiAnswer ErrorAnswer(unsigned status, std::string_view message) {
  return {.status = status, .body = Json{{"statusCode", status}, {"message", message}}.dump()};
}

Match FindRoute(std::string_view method, std::string_view target) {
  Match match;
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (!url) return match;
  const std::string path = url->path();
  for (const Route& route : kRoutes) {
    if (!Matches(route.pattern, path, match.parameter)) continue;
    match.path_known = true;
    if (route.method == method) match.route = &route;
  }
  for (const auto& entry : url->params()) match.query[entry.key] = entry.value;
  return match;
}

}  // namespace kload::target
