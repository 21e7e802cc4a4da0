#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "tributary/apply/applier.hpp"
#include "tributary/apply/session_context.hpp"
#include "tributary/target/checkpoint.hpp"
#include "tributary/target/target_server.hpp"

#include "source_time_zone.hpp"
#include "target_collations.hpp"
#include "temporary_tables.hpp"
#include "work.hpp"

namespace tributary::apply {

/// A worker's session on the target: the connection and what is known of its state. It lives over failures that leave
/// the connection whole, and with it the source's temporary tables. One thread at a time; interrupt() from any.
class WorkerSession {
 public:
  /// @p options, @p store and @p told outlive this.
  WorkerSession(const ApplierOptions& options, const target::CheckpointStore& store, ToldOnce& told,
                std::uint32_t worker);

  /// Connects, makes the session the worker's only one (CheckpointStore::fence), and puts it into the applier's state.
  /// Nothing when it is connected. @throws TargetError, also 1317 when @p stop is requested.
  void connect(const std::stop_token& stop);
  /// Waits until no worker numbered @p workers or above of an earlier run is at work. Only while connected.
  void fence_former_workers(std::uint32_t workers, const std::stop_token& stop);
  void disconnect();
  /// Connects as a worker beyond the first: where there is a slot for it. @return whether it is connected; why not is
  /// logged, once.
  bool open(const std::stop_token& stop) noexcept;
  /// Ends a session that has no transaction.
  void close() noexcept;
  /// No former session of this worker can be at work any more: none was lost since @ref set_fenced.
  [[nodiscard]] bool fenced() const { return fenced_; }
  void set_fenced() { fenced_ = true; }
  [[nodiscard]] bool connected() const { return connection_ != nullptr; }
  /// Only while connected.
  [[nodiscard]] target::TargetConnection& connection() { return *connection_; }
  /// The same, once it takes names in UTF-8. @throws TargetError
  [[nodiscard]] target::TargetConnection& connection_for_names();
  [[nodiscard]] SessionContext& context() { return *context_; }
  [[nodiscard]] std::uint32_t worker() const { return worker_; }
  /// The longest text for execute(), bytes.
  [[nodiscard]] std::size_t statement_limit() const;

  /// @throws TargetError; where a row of SqlRowWriter is missing, 1032.
  void execute(std::string_view sql);
  /// The account may run BINLOG statements. Known when the session is connected.
  [[nodiscard]] bool may_binlog() const { return may_binlog_; }
  /// True once, until forgotten: the session must run the row writer's session statement before BINLOG. Never on
  /// MySQL, where connect() has done it, for good.
  bool take_rows_unprepared();
  /// MySQL with enforce_gtid_consistency=ON and a binary log: a transaction that changes a table with transactions (the
  /// checkpoint is in one) can change no other but in its first statement (error 1785). Known when the session is
  /// connected.
  [[nodiscard]] bool one_engine_per_transaction() const { return one_engine_per_transaction_; }
  /// Of the source, in this session.
  [[nodiscard]] TemporaryTables& temporary_tables() { return temporary_tables_; }
  /// Ends the session and opens another where it holds temporary tables. Errors as connect().
  void drop_temporary_tables(const std::stop_token& stop);
  /// Notes that @p database does not exist when a USE of it says so now; @return whether it does.
  bool finds_missing(const std::string& database);
  /// The statement's session had no default database, or one that does not exist (any more) in the target.
  [[nodiscard]] bool runs_without_database(const StatementContext& statement) const {
    return statement.use_database && (statement.database.empty() || missing_databases_.contains(statement.database));
  }
  /// A database that was missing may have been made meanwhile: asks again where this one was.
  void look_again_for(const std::string& database);
  /// Ends the session and opens another, which has no default database. Errors as connect().
  void reconnect(const std::stop_token& stop);
  /// Warns, once, of what may give the statements of this source other results in this target.
  void tell_differences(const StatementContext& statement);
  /// The statement's text as the target understands it: with its own names for collations that it does not have.
  std::string for_target(const SourceStatement& statement);
  /// After a failure: rolls back, or disconnects where that fails. What is known of the session's state is forgotten.
  /// @return whether changes stay that cannot be rolled back, as far as the server says.
  bool recover() noexcept;
  void interrupt() noexcept;

 private:
  [[nodiscard]] std::shared_ptr<const SourceSettings> source_settings() const;
  void prepare_for_rows();
  /// That a new column has, or the table or database that the statement makes or changes, where it names none; '' where
  /// the target does not tell.
  std::string default_character_set_of(const SourceStatement& statement);
  /// That of a table as the source's connection @p thread_id sees it, with its temporary tables. Only while the session
  /// is in its own state, as before a DDL.
  std::string character_set_with_temporary(const target::ObjectName& table, std::uint32_t thread_id);
  void tell_of_axis_order(const SourceStatement& statement);

  const ApplierOptions& options_;
  const target::CheckpointStore& store_;
  ToldOnce& told_;
  const std::uint32_t worker_;
  mutable std::mutex connection_mutex_;  ///< guards the pointer against interrupt()
  std::unique_ptr<target::TargetConnection> connection_;
  std::unique_ptr<SessionContext> context_;
  bool fenced_ = false;
  bool has_slot_ = false;
  bool told_why_not_open_ = false;
  bool rows_unprepared_ = true;
  bool may_binlog_ = true;
  bool one_engine_per_transaction_ = false;
  TemporaryTables temporary_tables_;
  std::set<std::string, std::less<>> missing_databases_;
  TargetCollations collations_;
  SourceTimeZone source_time_zone_;
};

}  // namespace tributary::apply
