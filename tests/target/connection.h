// One connection to the SQLite database, with its prepared statements.
//
// Thread: any, but one at a time (the pool sees to that).
#pragma once

#include <absl/status/statusor.h>
#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace kload::target {

// Keys keep the order of the columns, so that answers look the same every time.
using Json = nlohmann::ordered_json;

class Connection {
 public:
  using Value = std::variant<int64_t, std::string>;

  // Opens `path`, creating it if needed. Errors: Unavailable with SQLite's words.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path);

  // All rows of one statement as an array of objects; the statement is prepared once and kept.
  // `sql` must be a literal (it is the key). Errors: Internal with the statement.
  absl::StatusOr<Json> Rows(std::string_view sql, std::initializer_list<Value> values = {});

  // Runs statements that return nothing. Errors as Rows().
  absl::Status Execute(const std::string& script);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct EndStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

  explicit Connection(sqlite3* db) : db_(db) {}
  absl::StatusOr<sqlite3_stmt*> Prepared(std::string_view sql);
  absl::Status Failed(std::string_view sql) const;

  std::unique_ptr<sqlite3, CloseDatabase> db_;  // outlives its statements
  std::unordered_map<std::string_view, Statement> statements_;
};

}  // namespace kload::target
