#include "schema.hpp"

#include <charconv>
#include <span>

#include <fmt/core.h>

#include "tributary/util/migration.hpp"

namespace tributary::target {

std::span<const Migration> migrations();  // generated

namespace {

constexpr std::uint16_t k_no_such_table = 1146;      // ER_NO_SUCH_TABLE
constexpr std::uint16_t k_not_transactional = 1196;  // ER_WARNING_NOT_COMPLETE_ROLLBACK
constexpr std::uint32_t k_upgrade_wait_seconds = 60;

std::uint64_t installed_version(TargetConnection& connection) {
  std::vector<Row> rows;
  try {
    rows = connection.query("SELECT COALESCE(MAX(version), 0) FROM tributary.schema_version");
  } catch (const TargetError& error) {
    if (error.code() == error_code::k_unknown_database || error.code() == k_no_such_table) return 0;
    throw;
  }
  std::uint64_t version = 0;
  if (!rows.empty() && !rows[0].empty() && rows[0][0]) {
    const std::string& text = *rows[0][0];
    std::from_chars(text.data(), text.data() + text.size(), version);
  }
  return version;
}

void check_version(TargetConnection& connection, std::uint64_t version) {
  const std::size_t known = migrations().size();
  if (version <= known) return;
  throw TargetError(error_code::k_unknown_error,
                    fmt::format("the schema `tributary` in the target (server {}) has version {}, but this program "
                                "(tributaryd {}) knows versions up to {}; use the newer tributaryd that made it",
                                connection.server_version(), version, TRIBUTARY_VERSION, known));
}

/// Channels start at the same instant: one upgrades, the others wait and then find nothing to do.
class UpgradeLock {
 public:
  explicit UpgradeLock(TargetConnection& connection) : connection_(connection) {
    const std::vector<Row> rows =
        connection.query(fmt::format("SELECT GET_LOCK('tributary.schema', {})", k_upgrade_wait_seconds));
    if (rows.empty() || rows[0].empty() || rows[0][0] != "1") {
      throw TargetError(
          error_code::k_lock_wait_timeout,
          fmt::format("another session has been making the schema `tributary` in the target for {} seconds",
                      k_upgrade_wait_seconds));
    }
  }
  ~UpgradeLock() {
    try {
      connection_.query("SELECT RELEASE_LOCK('tributary.schema')");
    } catch (const std::exception&) {
      // The connection is gone, and the lock with it.
    }
  }
  UpgradeLock(const UpgradeLock&) = delete;
  UpgradeLock& operator=(const UpgradeLock&) = delete;

 private:
  TargetConnection& connection_;
};

void upgrade(TargetConnection& connection) {
  const UpgradeLock lock(connection);
  const std::uint64_t version = installed_version(connection);
  check_version(connection, version);
  // Asked first, so that the account needs no privilege to make a database that an administrator has made for it.
  if (connection.query("SHOW DATABASES LIKE 'tributary'").empty()) {
    connection.execute("CREATE DATABASE IF NOT EXISTS tributary DEFAULT CHARACTER SET utf8mb4");
  }
  for (const Migration& step : migrations()) {
    if (step.number <= version) continue;
    connection.execute(step.text);
    connection.execute(
        fmt::format("INSERT IGNORE INTO tributary.schema_version (version, name, program, applied_at)"
                    " VALUES ({}, '{}', '{}', UTC_TIMESTAMP(6))",
                    step.number, step.name, TRIBUTARY_VERSION));
  }
}

void check_engines(TargetConnection& connection) {
  constexpr std::string_view k_tables[] = {"schema_version", "applier_checkpoint", "ddl_intent", "xa_prepared"};
  const std::vector<Row> rows =
      connection.query("SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tributary'");
  for (const std::string_view table : k_tables) {
    std::string engine = "missing or not to be seen by this account";
    for (const Row& row : rows) {
      if (row.size() == 2 && row[0] == table) engine = "ENGINE=" + row[1].value_or("NULL");
    }
    if (engine != "ENGINE=InnoDB") {
      throw TargetError(
          k_not_transactional,
          fmt::format("the table tributary.{} in the target is {}; it must be InnoDB, or what was applied "
                      "would not commit and roll back together with the data",
                      table, engine));
    }
  }
}

}  // namespace

void prepare_schema(TargetConnection& connection) {
  const std::uint64_t version = installed_version(connection);
  check_version(connection, version);
  if (version < migrations().size()) upgrade(connection);
  check_engines(connection);
}

}  // namespace tributary::target
