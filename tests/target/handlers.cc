#include "tests/target/handlers.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "common/base/status.h"
#include "tests/target/seed_data.h"
#include "tests/target/token.h"

namespace kload::target {
namespace {

constexpr const char* kDemoUser = "demo@kushim.io";
constexpr size_t kEmailMax = 254;  // RFC 5321's
constexpr size_t kPasswordMin = 8;
constexpr size_t kPasswordMax = 1024;

ApiAnswer Answer(const absl::StatusOr<Json>& body) {
  if (!body.ok()) return ErrorAnswer(500, Message(body.status()));
  return {.body = body->dump()};
}

bool Asks(const Call& call, std::string_view name) {
  const auto found = call.query.find(name);
  return found != call.query.end() && found->second == "true";
}

// ?limit=N within 1..most; nullopt when it is no such number.
std::optional<int64_t> Limit(const Call& call, int64_t usual, int64_t most) {
  const auto found = call.query.find(std::string_view("limit"));
  if (found == call.query.end()) return usual;
  const std::string& text = found->second;
  int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit < 1) return std::nullopt;
  return std::min(limit, most);
}

ApiAnswer BadLimit() { return ErrorAnswer(400, "limit must be a number of at least 1"); }

// A string member of the login's JSON object; nullopt when it is not there.
std::optional<std::string> Member(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) {
    return std::nullopt;
  }
  return object[name].get<std::string>();
}

ApiAnswer TokenAnswer(const Call& call, Connection& db, const std::string& email) {
  const auto logged = db.Rows(
      "INSERT INTO audit_logs (at, actor, action, object) VALUES (datetime('now'), ?, 'login', '')",
      {email});
  if (!logged.ok()) return Answer(logged);
  ApiAnswer answer;
  answer.body =
      Json{{"token", call.signer.Sign(email)}, {"tokenType", "Bearer"}, {"user", email}}.dump();
  return answer;
}

bool IsEmail(const std::string& text) {
  const size_t at = text.find('@');
  return text.size() <= kEmailMax && at != text.npos && at > 0 && at + 1 < text.size() &&
         text.find_first_of(" \t\r\n") == text.npos;
}

// The new account's row; an empty list when the e-mail has one already.
absl::StatusOr<Json> InsertUser(Connection& db, const std::string& email, const std::string& name,
                                const std::string& password) {
  KLOAD_ASSIGN_OR_RETURN(Json rows,
                         db.Rows("INSERT INTO users (email, name, role) VALUES (?, ?, 'viewer') "
                                 "ON CONFLICT (email) DO NOTHING RETURNING id, email, name, role",
                                 {email, name}));
  if (rows.empty()) return rows;
  KLOAD_RETURN_IF_ERROR(db.Rows("INSERT INTO passwords VALUES (?, ?)",
                                {rows.front()["id"].get<int64_t>(), PasswordDigest(password)})
                            .status());
  return rows;
}

}  // namespace

ApiAnswer Login(const Call& call, Connection& db) {
  const Json body = Json::parse(call.request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return ErrorAnswer(400, "the body must be a JSON object");
  const std::optional<std::string> email = Member(body, "email");
  const std::optional<std::string> password = Member(body, "password");
  if (!email && !password && call.anonymous_login) return TokenAnswer(call, db, kDemoUser);
  if (!email || !password) return ErrorAnswer(400, "email and password are required");
  const auto rows = db.Rows(
      "SELECT users.id FROM users JOIN passwords ON user_id = users.id "
      "WHERE email = ? AND digest = ?",
      {*email, PasswordDigest(*password)});
  if (!rows.ok()) return Answer(rows);
  if (rows->empty()) return ErrorAnswer(401, "wrong e-mail or password");
  return TokenAnswer(call, db, *email);
}

ApiAnswer CreateUser(const Call& call, Connection& db) {
  const auto role = db.Rows("SELECT role FROM users WHERE email = ?", {call.user});
  if (!role.ok()) return Answer(role);
  if (role->empty() || role->front()["role"] != "admin") {
    return ErrorAnswer(403, "only an admin may make accounts");
  }
  const Json body = Json::parse(call.request.body, nullptr, /*allow_exceptions=*/false);
  const std::optional<std::string> email = Member(body, "email");
  const std::optional<std::string> password = Member(body, "password");
  if (!email || !IsEmail(*email)) return ErrorAnswer(400, "email must be an e-mail address");
  if (!password || password->size() < kPasswordMin || password->size() > kPasswordMax) {
    return ErrorAnswer(400, "password must have 8 to 1024 bytes");
  }
  // Both rows or none: an account without a password could never be made anew.
  const absl::Status begun = db.Execute("BEGIN IMMEDIATE");
  if (!begun.ok()) return ErrorAnswer(500, Message(begun));
  const absl::StatusOr<Json> rows =
      InsertUser(db, *email, Member(body, "name").value_or(*email), *password);
  const absl::Status ended = db.Execute(rows.ok() ? "COMMIT" : "ROLLBACK");
  if (!rows.ok()) return ErrorAnswer(500, Message(rows.status()));
  if (!ended.ok()) return ErrorAnswer(500, Message(ended));
  if (rows->empty()) return ErrorAnswer(409, "there is an account with this email");
  return {.status = 201, .body = rows->front().dump()};
}

ApiAnswer ListControls(const Call& call, Connection& db) {
  auto controls = db.Rows(
      "SELECT id, code, title, framework, status, owner, updated_at AS updatedAt FROM controls "
      "ORDER BY id");
  if (!controls.ok() || !Asks(call, "includeChecks")) return Answer(controls);
  auto checks = db.Rows(
      "SELECT control_id, id, name, result, ran_at AS ranAt FROM checks ORDER BY control_id, id");
  if (!checks.ok()) return Answer(checks);
  std::map<int64_t, Json> by_control;
  for (Json& check : *checks) {
    const int64_t control = check["control_id"].get<int64_t>();
    check.erase("control_id");
    by_control.try_emplace(control, Json::array()).first->second.push_back(std::move(check));
  }
  for (Json& control : *controls) {
    control["checks"] =
        by_control.try_emplace(control["id"].get<int64_t>(), Json::array()).first->second;
  }
  return Answer(controls);
}

ApiAnswer ComplianceStats(const Call&, Connection& db) {
  auto totals = db.Rows(
      "SELECT count(*) AS controls, sum(status = 'passing') AS passing, "
      "sum(status = 'failing') AS failing, sum(status = 'in_review') AS inReview, "
      "(SELECT count(*) FROM evidence) AS evidence, "
      "(SELECT count(*) FROM checks WHERE result = 'fail') AS failedChecks FROM controls");
  if (!totals.ok()) return Answer(totals);
  auto frameworks = db.Rows(
      "SELECT framework, count(*) AS controls, avg(status = 'passing') AS score FROM controls "
      "GROUP BY framework ORDER BY framework");
  if (!frameworks.ok()) return Answer(frameworks);
  Json stats = totals->front();
  stats["frameworks"] = *std::move(frameworks);
  return Answer(stats);
}

ApiAnswer ListIntegrations(const Call&, Connection& db) {
  return Answer(db.Rows(
      "SELECT id, name, kind, status, synced_at AS syncedAt FROM integrations ORDER BY id"));
}

ApiAnswer IntegrationStatus(const Call& call, Connection& db) {
  auto rows = db.Rows(
      "SELECT name, status, synced_at AS syncedAt, resources FROM integrations WHERE name = ?",
      {call.parameter});
  if (rows.ok() && rows->empty()) return ErrorAnswer(404, "no such integration");
  return rows.ok() ? Answer(rows->front()) : Answer(rows);
}

ApiAnswer IntegrationHealth(const Call& call, Connection& db) {
  auto rows = db.Rows(
      "SELECT name, status = 'connected' AS healthy, kind, synced_at AS checkedAt "
      "FROM integrations WHERE name = ?",
      {call.parameter});
  if (rows.ok() && rows->empty()) return ErrorAnswer(404, "no such integration");
  return rows.ok() ? Answer(rows->front()) : Answer(rows);
}

ApiAnswer ListEvidence(const Call& call, Connection& db) {
  const std::optional<int64_t> limit = Limit(call, 20, 200);
  if (!limit) return BadLimit();
  auto rows = db.Rows(
      "SELECT id, control_id AS controlId, title, kind, bytes, collected_at AS collectedAt, "
      "metadata FROM evidence ORDER BY collected_at DESC LIMIT ?",
      {*limit});
  if (!rows.ok()) return Answer(rows);
  for (Json& row : *rows) {
    if (Asks(call, "includeMetadata")) {
      row["metadata"] = Json::parse(row["metadata"].get<std::string>(), nullptr, false);
    } else {
      row.erase("metadata");
    }
  }
  return Answer(Json{{"items", *std::move(rows)}, {"limit", *limit}});
}

ApiAnswer UserProfile(const Call& call, Connection& db) {
  auto rows = db.Rows("SELECT id, email, name, role FROM users WHERE email = ?", {call.user});
  if (rows.ok() && rows->empty()) return ErrorAnswer(404, "no such user");
  return rows.ok() ? Answer(rows->front()) : Answer(rows);
}

ApiAnswer ListAuditLogs(const Call& call, Connection& db) {
  const std::optional<int64_t> limit = Limit(call, 50, 500);
  if (!limit) return BadLimit();
  auto rows = db.Rows(
      "SELECT id, at, actor, action, object FROM audit_logs ORDER BY id DESC LIMIT ?", {*limit});
  if (!rows.ok()) return Answer(rows);
  return Answer(Json{{"items", *std::move(rows)}, {"limit", *limit}});
}

}  // namespace kload::target
