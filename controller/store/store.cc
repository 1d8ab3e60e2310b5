#include "controller/store/store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>

#include "common/base/status.h"

namespace kload::controller {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL,
  state TEXT NOT NULL,
  started_unix_ns INTEGER NOT NULL,
  duration_ns INTEGER NOT NULL,
  exit_code INTEGER NOT NULL,
  message TEXT NOT NULL,
  agents INTEGER NOT NULL,
  plan BLOB NOT NULL,
  summary BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS details (
  id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  number INTEGER NOT NULL,
  detail BLOB NOT NULL,
  PRIMARY KEY (id, kind, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS baselines (
  name TEXT PRIMARY KEY,
  id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
  id TEXT PRIMARY KEY,
  run BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inputs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  input BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS inputs_by_run ON inputs (id, number))";

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

absl::Status ErrorOf(sqlite3* db) {
  return absl::UnavailableError(fmt::format("run history: {}", sqlite3_errmsg(db)));
}

// A prepared statement: bind in order, then Step() until it returns false.
class Statement {
 public:
  static absl::StatusOr<Statement> Prepare(sqlite3* db, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db, sql, -1, &raw, nullptr) != SQLITE_OK) return ErrorOf(db);
    return Statement(db, raw);
  }
  Statement& Bind(int64_t value) {
    sqlite3_bind_int64(statement_.get(), ++bound_, value);
    return *this;
  }
  Statement& Bind(const std::string& text) {
    sqlite3_bind_text(statement_.get(), ++bound_, text.data(), int(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& BindBytes(const std::string& bytes) {
    sqlite3_bind_blob(statement_.get(), ++bound_, bytes.empty() ? "" : bytes.data(),
                      int(bytes.size()), SQLITE_TRANSIENT);
    return *this;
  }
  // Whether there is a row.
  absl::StatusOr<bool> Step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return ErrorOf(db_);
  }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string Text(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? "" : std::string(static_cast<const char*>(data), size_t(size));
  }

 private:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
  int bound_ = 0;
};

absl::Status Execute(sqlite3* db, const char* sql) {
  return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                       : ErrorOf(db);
}

// All rows' first columns.
absl::StatusOr<std::vector<std::string>> Texts(Statement& query) {
  std::vector<std::string> texts;
  while (true) {
    KLOAD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return texts;
    texts.push_back(query.Text(0));
  }
}

absl::StatusOr<std::string> DatabasePath(const std::string& data_dir) {
  if (data_dir.empty()) return ":memory:";
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error || !std::filesystem::is_directory(data_dir)) {
    return absl::InvalidArgumentError(
        fmt::format("--data {}: cannot make this folder: {}", data_dir,
                    error ? error.message() : "a file is in its place"));
  }
  return (std::filesystem::path(data_dir) / "kload.db").string();
}

absl::Status SetUp(sqlite3* db, const std::string& data_dir) {
  sqlite3_busy_timeout(db, 500);
  // One controller per folder: it holds the lock as long as it lives.
  for (const char* sql : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
                          "PRAGMA synchronous=FULL", kSchema}) {
    if (Execute(db, sql).ok()) continue;
    const int code = sqlite3_errcode(db);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      return absl::UnavailableError(fmt::format(
          "--data {}: another controller uses this folder; stop it or choose another folder",
          data_dir));
    }
    return absl::InvalidArgumentError(fmt::format(
        "--data {}: cannot use kload.db in this folder: {}", data_dir, sqlite3_errmsg(db)));
  }
  return absl::OkStatus();
}

RunRecord ReadRow(const Statement& row) {
  RunRecord record;
  record.id = row.Text(0);
  record.script = row.Text(1);
  record.state = row.Text(2);
  record.started_unix = Nanos(row.Integer(3));
  record.duration = Nanos(row.Integer(4));
  record.exit_code = int(row.Integer(5));
  record.message = row.Text(6);
  record.agents = uint32_t(row.Integer(7));
  return record;
}

}  // namespace

struct Store::Impl {
  absl::Status Begin() {
    if (open) return absl::OkStatus();
    KLOAD_RETURN_IF_ERROR(Execute(db.get(), "BEGIN IMMEDIATE"));
    open = true;
    return absl::OkStatus();
  }
  // The error as it came; nothing of the transaction is left.
  absl::Status Abandon(absl::Status error) {
    open = false;
    // SQLite has rolled back by itself after some errors.
    if (sqlite3_get_autocommit(db.get()) == 0) {
      sqlite3_exec(db.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    return error;
  }

  Database db;
  bool durable = false;
  bool open = false;  // a transaction
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& data_dir) {
  KLOAD_ASSIGN_OR_RETURN(const std::string path, DatabasePath(data_dir));
  sqlite3* raw = nullptr;
  const int code = sqlite3_open(path.c_str(), &raw);
  auto impl = std::make_unique<Impl>();
  impl->db.reset(raw);
  if (code != SQLITE_OK) {
    return absl::InvalidArgumentError(
        fmt::format("--data {}: cannot open kload.db in this folder: {}", data_dir,
                    raw == nullptr ? "out of memory" : sqlite3_errmsg(raw)));
  }
  if (!data_dir.empty()) {
    std::error_code error;  // another user's file: SQLite says what that means
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  }
  KLOAD_RETURN_IF_ERROR(SetUp(raw, data_dir));
  impl->durable = !data_dir.empty();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

absl::StatusOr<uint64_t> Store::NextNumber() {
  KLOAD_ASSIGN_OR_RETURN(Statement query,
                         Statement::Prepare(impl_->db.get(),
                                            "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence "
                                            "WHERE name = 'runs'"));
  KLOAD_RETURN_IF_ERROR(query.Step().status());
  return uint64_t(query.Integer(0)) + 1;
}

absl::Status Store::Put(const RunRecord& record) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement insert,
      Statement::Prepare(
          impl_->db.get(),
          // With its number when it has one: else SQLite would use one up for each update.
          "INSERT INTO runs (number, id, script, state, started_unix_ns, duration_ns, exit_code, "
          "message, agents, plan, summary) VALUES ((SELECT number FROM runs WHERE id = ?), "
          "?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
          "script = excluded.script, state = excluded.state, started_unix_ns = "
          "excluded.started_unix_ns, "
          "duration_ns = excluded.duration_ns, exit_code = excluded.exit_code, "
          "message = excluded.message, agents = excluded.agents, plan = excluded.plan, "
          "summary = excluded.summary"));
  insert.Bind(record.id);
  insert.Bind(record.id).Bind(record.script).Bind(record.state).Bind(record.started_unix.count());
  insert.Bind(record.duration.count()).Bind(int64_t(record.exit_code)).Bind(record.message);
  insert.Bind(int64_t(record.agents)).BindBytes(record.plan).BindBytes(record.summary);
  KLOAD_RETURN_IF_ERROR(insert.Step().status());
  return Commit();
}

absl::Status Store::Prune(int kept) {
  // By the details' key: a search through all of them would keep the core thread at every run's end.
  for (const char* sql :
       {"DELETE FROM details WHERE id IN (SELECT id FROM runs WHERE state IN ('finished', "
        "'aborted') AND number <= (SELECT MAX(number) FROM runs) - ? AND id NOT IN (SELECT id FROM "
        "baselines))",
        "DELETE FROM runs WHERE state IN ('finished', 'aborted') AND number <= "
        "(SELECT MAX(number) FROM runs) - ? AND id NOT IN (SELECT id FROM baselines)"}) {
    KLOAD_ASSIGN_OR_RETURN(Statement forget, Statement::Prepare(impl_->db.get(), sql));
    KLOAD_RETURN_IF_ERROR(forget.Bind(int64_t(kept)).Step().status());
  }
  return absl::OkStatus();
}

// ---- Baselines ----

absl::Status Store::SetBaseline(const std::string& name, const std::string& id) {
  if (id.empty()) {
    KLOAD_ASSIGN_OR_RETURN(
        Statement forget,
        Statement::Prepare(impl_->db.get(), "DELETE FROM baselines WHERE name = ?"));
    KLOAD_RETURN_IF_ERROR(forget.Bind(name).Step().status());
    if (sqlite3_changes(impl_->db.get()) == 0) {
      return absl::NotFoundError(fmt::format("there is no baseline \"{}\"", name));
    }
    return Commit();
  }
  KLOAD_ASSIGN_OR_RETURN(
      Statement set,
      Statement::Prepare(impl_->db.get(),
                         "INSERT OR REPLACE INTO baselines (name, id) SELECT ?, id FROM runs WHERE "
                         "id = ?"));
  KLOAD_RETURN_IF_ERROR(set.Bind(name).Bind(id).Step().status());
  if (sqlite3_changes(impl_->db.get()) == 0) {
    return absl::NotFoundError(
        fmt::format("no run has the id \"{}\"; `kctl get runs` lists them", id));
  }
  return Commit();
}

absl::StatusOr<std::map<std::string, std::string>> Store::Baselines() {
  KLOAD_ASSIGN_OR_RETURN(Statement query,
                         Statement::Prepare(impl_->db.get(), "SELECT name, id FROM baselines"));
  std::map<std::string, std::string> baselines;
  while (true) {
    KLOAD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return baselines;
    baselines[query.Text(0)] = query.Text(1);
  }
}

// ---- Details ----

absl::Status Store::Keep(const std::string& id, Detail kind, int64_t number,
                         const std::string& bytes) {
  KLOAD_RETURN_IF_ERROR(impl_->Begin());
  absl::StatusOr<Statement> insert = Statement::Prepare(
      impl_->db.get(),
      "INSERT OR REPLACE INTO details (id, kind, number, detail) VALUES (?, ?, ?, ?)");
  if (!insert.ok()) return impl_->Abandon(insert.status());
  insert->Bind(id).Bind(static_cast<int64_t>(kind)).Bind(number).BindBytes(bytes);
  const absl::Status kept = insert->Step().status();
  return kept.ok() ? kept : impl_->Abandon(kept);
}

absl::StatusOr<std::vector<std::string>> Store::Kept(const std::string& id, Detail kind) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement query,
      Statement::Prepare(impl_->db.get(),
                         "SELECT detail FROM details WHERE id = ? AND kind = ? ORDER BY number"));
  query.Bind(id).Bind(static_cast<int64_t>(kind));
  return Texts(query);
}

// ---- Records ----

bool Store::durable() const { return impl_->durable; }
bool Store::uncommitted() const { return impl_->open; }

absl::Status Store::BeginRecord(const std::string& id, const std::string& run) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement insert,
      Statement::Prepare(impl_->db.get(),
                         "INSERT OR REPLACE INTO records (id, run) VALUES (?, ?)"));
  KLOAD_RETURN_IF_ERROR(insert.Bind(id).BindBytes(run).Step().status());
  return Commit();
}

absl::Status Store::Append(const std::string& id, const std::string& input) {
  KLOAD_RETURN_IF_ERROR(impl_->Begin());
  absl::StatusOr<Statement> insert =
      Statement::Prepare(impl_->db.get(), "INSERT INTO inputs (id, input) VALUES (?, ?)");
  if (!insert.ok()) return impl_->Abandon(insert.status());
  const absl::Status added = insert->Bind(id).BindBytes(input).Step().status();
  return added.ok() ? added : impl_->Abandon(added);
}

absl::Status Store::Commit() {
  if (!impl_->open) return absl::OkStatus();
  const absl::Status committed = Execute(impl_->db.get(), "COMMIT");
  if (!committed.ok()) return impl_->Abandon(committed);
  impl_->open = false;
  return absl::OkStatus();
}

absl::Status Store::Forget(const std::string& id) {
  for (const char* sql : {"DELETE FROM inputs WHERE id = ?", "DELETE FROM records WHERE id = ?"}) {
    KLOAD_ASSIGN_OR_RETURN(Statement forget, Statement::Prepare(impl_->db.get(), sql));
    KLOAD_RETURN_IF_ERROR(forget.Bind(id).Step().status());
  }
  return Commit();
}

absl::StatusOr<std::vector<Store::Recorded>> Store::Records() {
  KLOAD_ASSIGN_OR_RETURN(
      Statement query,
      Statement::Prepare(impl_->db.get(),
                         "SELECT records.id, run FROM records LEFT JOIN runs ON runs.id = "
                         "records.id ORDER BY runs.number"));
  std::vector<Recorded> records;
  while (true) {
    KLOAD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return records;
    records.push_back({query.Text(0), query.Text(1)});
  }
}

absl::StatusOr<std::vector<std::string>> Store::InputsOf(const std::string& id) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement query,
      Statement::Prepare(impl_->db.get(), "SELECT input FROM inputs WHERE id = ? ORDER BY number"));
  query.Bind(id);
  return Texts(query);
}

absl::Status Store::AbortUnrecorded(Nanos unix_now) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement abort,
      Statement::Prepare(
          impl_->db.get(),
          "UPDATE runs SET state = 'aborted', exit_code = 255, message = 'the controller ended "
          "while the run was going on', duration_ns = MAX(0, ? - started_unix_ns) "
          "WHERE state NOT IN ('finished', 'aborted') AND id NOT IN (SELECT id FROM records)"));
  return abort.Bind(unix_now.count()).Step().status();
}

absl::StatusOr<std::optional<RunRecord>> Store::Find(const std::string& id) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement query,
      Statement::Prepare(
          impl_->db.get(),
          "SELECT id, script, state, started_unix_ns, duration_ns, exit_code, message, "
          "agents, plan, summary FROM runs WHERE id = ?"));
  KLOAD_ASSIGN_OR_RETURN(const bool found, query.Bind(id).Step());
  if (!found) return std::nullopt;
  RunRecord record = ReadRow(query);
  record.plan = query.Text(8);
  record.summary = query.Text(9);
  return record;
}

absl::StatusOr<std::vector<RunRecord>> Store::List(int limit) {
  KLOAD_ASSIGN_OR_RETURN(
      Statement query,
      Statement::Prepare(
          impl_->db.get(),
          "SELECT id, script, state, started_unix_ns, duration_ns, exit_code, message, "
          "agents FROM runs ORDER BY number DESC LIMIT ?"));
  query.Bind(int64_t(limit));
  std::vector<RunRecord> records;
  while (true) {
    KLOAD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return records;
    records.push_back(ReadRow(query));
  }
}

}  // namespace kload::controller
