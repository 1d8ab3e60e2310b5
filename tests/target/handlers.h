// The answers of the routes that ask the database; each runs on a pool thread with a connection.
//
// A query that fails is a 500 with SQLite's words: it is a bug or a full disk, and should be seen.
#pragma once

#include "tests/target/connection.h"
#include "tests/target/routes.h"

namespace kload::target {

// {"email": ..., "password": ...} -> {"token": ...}; 400 without both, 401 when they do not match.
ApiAnswer Login(const Call& call, Connection& db);
// {"email": ..., "password": ..., "name": ...} of an admin -> 201 with the account, a viewer's; 400 for what is no
// account, 403 for who is no admin, 409 when the e-mail has an account, which then stays as it is.
ApiAnswer CreateUser(const Call& call, Connection& db);
// Array of 40 controls; with ?includeChecks=true each has its `checks`.
ApiAnswer ListControls(const Call& call, Connection& db);
ApiAnswer ComplianceStats(const Call& call, Connection& db);
ApiAnswer ListIntegrations(const Call& call, Connection& db);
// 404 for an unknown name.
ApiAnswer IntegrationStatus(const Call& call, Connection& db);
ApiAnswer IntegrationHealth(const Call& call, Connection& db);
// ?limit (20, at most 200) and ?includeMetadata=true.
ApiAnswer ListEvidence(const Call& call, Connection& db);
ApiAnswer UserProfile(const Call& call, Connection& db);
// ?limit (50, at most 500), newest first.
ApiAnswer ListAuditLogs(const Call& call, Connection& db);

}  // namespace kload::target
