#include "database.hpp"

#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tributary/util/error.hpp"

namespace tributary::state {
namespace {

constexpr int k_busy_timeout_ms = 10'000;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw Error(error_code::k_unknown_error, fmt::format("state store {}: {}", file.string(), reason));
}

std::string last_error_text(sqlite3* connection) {
  const int code = sqlite3_extended_errcode(connection);
  std::string reason = fmt::format("{} (SQLite error {})", sqlite3_errmsg(connection), code);
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      reason +=
          "; the file is damaged or not a state store: put a copy of it back, or move it away and configure the "
          "channels again";
      break;
    case SQLITE_FULL:
      reason += "; free space on the file system";
      break;
    case SQLITE_BUSY:
      reason += "; another program holds the file locked";
      break;
    default:
      break;
  }
  return reason;
}

void narrow_mode(const std::filesystem::path& file) {
  if (::chmod(file.c_str(), 0600) != 0 && errno != ENOENT) {
    fail(file, "cannot set its mode to 0600: " + system_error_text(errno));
  }
}

/// Passwords of channels and hashes of accounts are inside: SQLite gives -wal and -shm the mode of the main file.
/// An existing file is not opened here: closing it again would drop the locks that this process holds on it through
/// another connection (sqlite.org, "How To Corrupt An SQLite Database File", 2.2).
void make_private(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
  } else if (errno != EEXIST) {
    fail(file, "cannot be made: " + system_error_text(errno));
  }
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure)) fail(file, "is not a regular file");
  narrow_mode(file);
  for (const char* suffix : {"-wal", "-shm"}) narrow_mode(file.string() + suffix);
}

}  // namespace

Statement::Statement(sqlite3* connection, const std::filesystem::path& file, std::string_view sql)
    : connection_(connection), file_(file) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr));
  statement_.reset(statement);
}

void Statement::check(int result) {
  if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) return;
  // Before the reset, which may clear it.
  const std::string reason = last_error_text(connection_);
  reset();
  fail(file_, reason);
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), next_parameter_++, text.data() == nullptr ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  // A null pointer would bind NULL instead of an empty blob.
  check(sqlite3_bind_blob64(statement_.get(), next_parameter_++, bytes.empty() ? "" : bytes.data(), bytes.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), next_parameter_++, value));
  return *this;
}

Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(statement_.get(), next_parameter_++, value));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  check(result);
  next_column_ = 0;
  if (result == SQLITE_ROW) return true;
  reset();
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() noexcept {
  // There is none when it could not be prepared.
  if (statement_ != nullptr) {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
  }
  next_parameter_ = 1;
  next_column_ = 0;
}

std::string Statement::text() {
  const int column = next_column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

std::int64_t Statement::integer() {
  return sqlite3_column_int64(statement_.get(), next_column_++);
}

double Statement::real() {
  return sqlite3_column_double(statement_.get(), next_column_++);
}

std::uint64_t Statement::bounded(std::uint64_t limit) {
  const int column = next_column_;
  const std::uint64_t value = u64();
  if (value > limit) {
    const std::string name = sqlite3_column_name(statement_.get(), column);
    reset();
    fail(file_, fmt::format("the value of {} is out of range", name));
  }
  return value;
}

std::uint32_t Statement::u32() {
  return static_cast<std::uint32_t>(bounded(std::numeric_limits<std::uint32_t>::max()));
}

std::uint16_t Statement::u16() {
  return static_cast<std::uint16_t>(bounded(std::numeric_limits<std::uint16_t>::max()));
}

Database::Database(const std::filesystem::path& file) : file_(file) {
  make_private(file);
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(connection);
  if (connection == nullptr) fail(file_, "out of memory");
  if (result != SQLITE_OK) fail(file_, last_error_text(connection));
  sqlite3_busy_timeout(connection, k_busy_timeout_ms);
  // Nothing in the schema may call functions with side effects, should somebody have edited the file.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

Statement& Database::statement(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    found = statements_.try_emplace(std::string_view(sql), connection_.get(), file_, std::string_view(sql)).first;
  }
  found->second.reset();
  return found->second;
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(file_, last_error_text(connection_.get()));
  }
}

std::string Database::pragma_text(const std::string& name) {
  Statement statement(connection_.get(), file_, "PRAGMA " + name);
  return statement.step() ? statement.text() : std::string();
}

std::int64_t Database::pragma(const std::string& name) {
  Statement statement(connection_.get(), file_, "PRAGMA " + name);
  return statement.step() ? statement.integer() : 0;
}

// IMMEDIATE takes the write lock at once: a transaction that reads first could not wait for it later (SQLITE_BUSY).
Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {
    // SQLite has rolled back by itself (SQLITE_FULL, SQLITE_IOERR): there is nothing left to undo.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace tributary::state
