#include "tests/target/seed_data.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "common/base/status.h"

namespace kload::target {
namespace {

constexpr const char* kSchema = R"sql(
DROP TABLE IF EXISTS users;
DROP TABLE IF EXISTS passwords;
DROP TABLE IF EXISTS controls;
DROP TABLE IF EXISTS checks;
DROP TABLE IF EXISTS integrations;
DROP TABLE IF EXISTS evidence;
DROP TABLE IF EXISTS audit_logs;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, role TEXT);
CREATE TABLE passwords (user_id INTEGER, digest TEXT);
CREATE TABLE controls (id INTEGER PRIMARY KEY, code TEXT, title TEXT, framework TEXT, status TEXT,
                       owner TEXT, updated_at TEXT);
CREATE TABLE checks (id INTEGER PRIMARY KEY, control_id INTEGER, name TEXT, result TEXT,
                     ran_at TEXT);
CREATE TABLE integrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE, kind TEXT, status TEXT,
                           synced_at TEXT, resources INTEGER);
CREATE TABLE evidence (id INTEGER PRIMARY KEY, control_id INTEGER, title TEXT, kind TEXT,
                       bytes INTEGER, collected_at TEXT, metadata TEXT);
CREATE TABLE audit_logs (id INTEGER PRIMARY KEY, at TEXT, actor TEXT, action TEXT, object TEXT);
CREATE INDEX passwords_of_user ON passwords (user_id);
CREATE INDEX checks_of_control ON checks (control_id);
CREATE INDEX evidence_by_time ON evidence (collected_at DESC);
)sql";

constexpr const char* kRows = R"sql(
INSERT INTO users VALUES (1, 'testuser@example.com', 'Test User', 'admin'),
                         (2, 'load-test@kushim.io', 'Load Test', 'viewer'),
                         (3, 'demo@kushim.io', 'Demo User', 'viewer');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
INSERT INTO controls SELECT i, printf('CC%d.%d', 1 + i / 8, 1 + i % 8),
  printf('Control %d: access is reviewed, recorded and revoked in time', i),
  CASE i % 3 WHEN 0 THEN 'SOC 2' WHEN 1 THEN 'ISO 27001' ELSE 'GDPR' END,
  CASE i % 5 WHEN 0 THEN 'failing' WHEN 1 THEN 'in_review' ELSE 'passing' END,
  printf('owner%d@kushim.io', i % 7), datetime('2026-02-06', printf('-%d hours', i)) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
INSERT INTO checks SELECT i, 1 + (i - 1) / 3, printf('check %d', i),
  CASE i % 15 WHEN 0 THEN 'fail' ELSE 'pass' END,
  datetime('2026-02-06', printf('-%d minutes', i)) FROM n;
INSERT INTO integrations VALUES
  (1, 'aws', 'cloud', 'connected', '2026-02-06 10:00:00', 412),
  (2, 'github', 'code', 'connected', '2026-02-06 10:01:00', 87),
  (3, 'okta', 'identity', 'connected', '2026-02-06 10:02:00', 230),
  (4, 'jira', 'tickets', 'connected', '2026-02-06 10:03:00', 1520),
  (5, 'slack', 'chat', 'disconnected', '2026-02-05 09:00:00', 0),
  (6, 'gcp', 'cloud', 'connected', '2026-02-06 10:04:00', 96);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO evidence SELECT i, 1 + i % 40, printf('Evidence %d', i),
  CASE i % 4 WHEN 0 THEN 'screenshot' WHEN 1 THEN 'export' WHEN 2 THEN 'log' ELSE 'document' END,
  1024 * (1 + i % 97), datetime('2026-02-06', printf('-%d minutes', 7 * i)),
  json_object('source', CASE i % 2 WHEN 0 THEN 'aws' ELSE 'github' END, 'sha256',
              printf('%064x', i), 'tags', json_array('auto', printf('batch-%d', i % 10))) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO audit_logs SELECT i, datetime('2026-02-06', printf('-%d seconds', 1000 - i)),
  printf('owner%d@kushim.io', i % 7),
  CASE i % 3 WHEN 0 THEN 'control.update' WHEN 1 THEN 'evidence.add' ELSE 'login' END,
  printf('control:%d', 1 + i % 40) FROM n;
)sql";

struct Account {
  int64_t user;
  const char* password;
};
// The guide names two passwords for its test user: one in its environment, one as the scripts'
// default.
constexpr std::array<Account, 3> kAccounts = {{
    {1, "password123"},
    {1, "SecureTestPassword123!"},
    {2, "SecurePassword123"},
}};

}  // namespace

std::string PasswordDigest(const std::string& password) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(password.data(), password.size(), digest, &size, EVP_sha256(), nullptr);
  return fmt::format("{:02x}", fmt::join(digest, digest + size, ""));
}

absl::Status Seed(Connection& connection) {
  KLOAD_RETURN_IF_ERROR(connection.Execute("BEGIN"));
  KLOAD_RETURN_IF_ERROR(connection.Execute(kSchema));
  KLOAD_RETURN_IF_ERROR(connection.Execute(kRows));
  for (const Account& account : kAccounts) {
    KLOAD_RETURN_IF_ERROR(connection
                              .Rows("INSERT INTO passwords VALUES (?, ?)",
                                    {account.user, PasswordDigest(account.password)})
                              .status());
  }
  return connection.Execute("COMMIT");
}

}  // namespace kload::target
