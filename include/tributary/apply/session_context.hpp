#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tributary/apply/row_writer.hpp"
#include "tributary/apply/source_settings.hpp"
#include "tributary/binlog/statement_events.hpp"

namespace tributary::apply {

/// The session in which a statement was written: what its QUERY event and the events before it tell.
struct StatementContext {
  std::uint32_t timestamp = 0;  ///< seconds since the epoch; status.microseconds are its fraction
  binlog::StatusVariables status;
  std::string database;      ///< default database, UTF-8; '' = none
  bool use_database = true;  ///< false: the event says that the default database does not matter (k_suppress_use)
  std::optional<std::uint64_t> last_insert_id;
  std::optional<std::uint64_t> insert_id;
  std::optional<binlog::RandEvent> rand;
  std::vector<binlog::UserVarEvent> user_variables;
  /// The source's connection: names its temporary tables and is its CONNECTION_ID().
  std::uint32_t thread_id = 0;
  bool thread_specific = false;  ///< the statement may use temporary tables of that connection (k_thread_specific)
  std::uint32_t server_id = 0;   ///< the server that wrote the statement first
  bool defines = false;          ///< it creates, changes or drops something
  bool from_mariadb = true;
  std::uint32_t source_version = 0;  ///< 101119 for 10.11.19
};

struct CollationName {
  std::string character_set;
  std::string collation;
  std::uint32_t number = 0;  ///< in the target
};

/// sql_mode bits of one vendor's server in the other's (binlog-format 4.3): the high bits collide, fractions of a
/// second are rounded by default by one and cut by the other. Without NO_DIR_IN_CREATE.
std::uint64_t translate_sql_mode(std::uint64_t sql_mode, bool from_mariadb, bool to_mariadb);

/// Brings a session on the target into the state in which a statement was written, by SET and USE for what differs from
/// what the session is known to hold. One thread.
class SessionContext {
 public:
  /// @p collation finds what stands in the target for a collation of the source, @p system_time_zone what stands for
  /// the zone of the source's host; they throw where nothing does. @p settings tells of the source, if not empty.
  SessionContext(bool target_is_mariadb, std::uint32_t target_version,
                 std::function<CollationName(std::uint32_t)> collation, std::function<std::string()> system_time_zone,
                 std::function<std::shared_ptr<const SourceSettings>()> settings = {});

  /// sql_mode NO_DIR_IN_CREATE is the target's own, as in both servers' Query_log_event::do_apply_event: whether it has
  /// it.
  void set_no_dir_in_create(bool has) { no_dir_in_create_ = has; }

  /// The statements to run before a source statement, each with ';' at its end; '' when nothing is to be changed.
  /// The caller runs them: the session is taken to be in the new state from now on.
  /// @p without_database: the default database does not exist here, and the session has none.
  std::string enter(const StatementContext& statement, bool without_database = false);
  /// The same for what MySQL does not let a session change inside of a transaction: before one that begins with, or
  /// holds, a definition of a temporary table. enter() does it for a definition too.
  std::string enter_before_transaction(const StatementContext& statement);
  /// The same before anything that is not a source statement: the checkpoint, fingerprints.
  std::string enter_plain();
  /// The same before rows that server @p server_id wrote first, by BINLOG, or as plain SQL that needs @p session: a
  /// MariaDB target with a binary log of its own writes the session's server_id there, whatever the rows' headers say.
  /// MySQL writes its own server_id.
  std::string enter_rows(std::uint32_t server_id, const std::optional<RowsSession>& session = std::nullopt);
  /// On MariaDB: what is committed next is @p server_id's.
  std::string enter_server(std::uint32_t server_id);
  /// Whether the account may set what BINLOG REPLAY of MariaDB lets it set: server_id and pseudo_thread_id. What a
  /// source's statement did with temporary tables is not safe without it.
  void set_may_replay(bool may) { may_replay_ = may; }
  /// The same before names in UTF-8, in the session of the last statement.
  std::string as_utf8();
  /// Nothing is known of the session any more: a statement failed.
  void forget();
  /// A source statement runs: a routine or trigger of it may set whatever variable of the session, and the default
  /// database stays.
  void forget_variables();
  /// The default database may have been dropped.
  void forget_database() { database_.reset(); }
  /// The session has had a default database, and can only be without one by being opened anew.
  [[nodiscard]] bool has_default_database() const { return has_default_database_; }

 private:
  struct Variables {
    std::optional<std::string> timestamp;
    std::optional<std::uint64_t> sql_mode;
    std::optional<std::uint64_t> character_set_client, collation_connection, collation_server, collation_database;
    std::optional<std::uint64_t> auto_increment_increment, auto_increment_offset;
    std::optional<std::uint64_t> lc_time_names, pseudo_thread_id, server_id, default_collation_for_utf8mb4;
    std::optional<std::string> time_zone, character_set_collations;
    std::map<std::string_view, std::string> results;  ///< result_settings()
    std::optional<bool> sql_auto_is_null, foreign_key_checks, unique_checks, check_constraint_checks,
        explicit_defaults_for_timestamp, sql_if_exists, system_versioning_insert_history, enable_cascade_triggers,
        default_table_encryption;
  };

  /// What rows and our own statements need alike.
  void set_neutral(class Assignments& assignments, std::uint64_t sql_mode, std::uint64_t client);
  void set_timestamp_default(class Assignments& assignments);
  void set_plain_sql(class Assignments& assignments, const RowsSession& session);
  void set_timestamp_defaults(class Assignments& assignments, const StatementContext& statement);
  void set_mysql(class Assignments& assignments, const StatementContext& statement);
  void set_flags(class Assignments& assignments, const StatementContext& statement);
  void set_charset(class Assignments& assignments, const StatementContext& statement);
  void set_time_zone(class Assignments& assignments, const StatementContext& statement);
  void set_results(class Assignments& assignments, const StatementContext& statement);
  void set_default_collations(class Assignments& assignments, const StatementContext& statement);
  std::uint64_t collation_number(std::uint16_t source);
  std::string user_variables(const StatementContext& statement);
  std::string broken_text_variable(const binlog::UserVarEvent& variable, const CollationName& name);

  bool target_is_mariadb_;
  std::uint32_t target_version_;
  std::function<CollationName(std::uint32_t)> collation_;
  std::function<std::string()> system_time_zone_;
  std::function<std::shared_ptr<const SourceSettings>()> settings_;
  Variables variables_;
  bool own_collation_database_ = true;  ///< collation_database is known to be the default database's own
  std::optional<std::string> database_;
  bool has_default_database_ = false;
  bool no_dir_in_create_ = false;
  bool sets_default_table_encryption_ = false;
  bool may_replay_ = true;
};

}  // namespace tributary::apply
