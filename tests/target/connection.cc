#include "tests/target/connection.h"

#include <fmt/format.h>

#include "common/base/status.h"

namespace kload::target {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // a login writes; others wait for it this long at most

int Bind(sqlite3_stmt* statement, int index, const Connection::Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *number);
  }
  const std::string& text = std::get<std::string>(value);
  return sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()),
                           SQLITE_TRANSIENT);
}

Json Column(sqlite3_stmt* statement, int index) {
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, index);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_NULL:
      return nullptr;
    default:
      return reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(db));
  if (code != SQLITE_OK) {
    return absl::UnavailableError(
        fmt::format("cannot open the database {}: {}", path, sqlite3_errstr(code)));
  }
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  KLOAD_RETURN_IF_ERROR(
      connection->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"));
  return connection;
}

absl::StatusOr<Json> Connection::Rows(std::string_view sql, std::initializer_list<Value> values) {
  KLOAD_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Prepared(sql));
  int index = 0;
  for (const Value& value : values) {
    if (Bind(statement, ++index, value) != SQLITE_OK) return Failed(sql);
  }
  Json rows = Json::array();
  int code = SQLITE_DONE;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    Json row = Json::object();
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      row[sqlite3_column_name(statement, column)] = Column(statement, column);
    }
    rows.push_back(std::move(row));
  }
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Failed(sql);
  sqlite3_reset(statement);
  KLOAD_RETURN_IF_ERROR(status);
  return rows;
}

absl::Status Connection::Execute(const std::string& script) {
  const int code = sqlite3_exec(db_.get(), script.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Failed(script);
}

absl::StatusOr<sqlite3_stmt*> Connection::Prepared(std::string_view sql) {
  Statement& kept = statements_[sql];
  if (kept == nullptr) {
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &made, nullptr);
    kept.reset(made);
    if (code != SQLITE_OK) return Failed(sql);
  }
  return kept.get();
}

absl::Status Connection::Failed(std::string_view sql) const {
  return absl::InternalError(fmt::format("{} in: {}", sqlite3_errmsg(db_.get()), sql));
}

}  // namespace kload::target
