#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

#include "tributary/admin/executor.hpp"
#include "tributary/admin/statement.hpp"

#include "statement_error.hpp"
#include "variables.hpp"

namespace tributary::admin {

/// What one statement runs with.
struct Execution {
  channel::ChannelSet& channels;
  SessionRegistry& sessions;
  const AdminContext& context;
  const SystemVariables& variables;
  std::mutex& change_mutex;  ///< held by CHANGE: a channel that could not be configured is removed again
  const std::atomic<std::uint64_t>& questions;
  wire::SessionState& session;
  std::stop_token stop;

  void note(std::uint16_t code, std::string message) const;
  void warn(std::uint16_t code, std::string message) const;
  void add(const channel::Notes& notes) const;
  /// @throws Error 1317 when the session was killed or the daemon ends.
  void check_not_interrupted() const;
};

wire::StatementResult run(const NoOperation& statement, Execution& execution);
wire::StatementResult run(const ChangeSource& statement, Execution& execution);
wire::StatementResult run(const StartReplica& statement, Execution& execution);
wire::StatementResult run(const StopReplica& statement, Execution& execution);
wire::StatementResult run(const ResetReplica& statement, Execution& execution);
wire::StatementResult run(const ShowReplicaStatus& statement, Execution& execution);
wire::StatementResult run(const Select& statement, Execution& execution);
wire::StatementResult run(const SelectFromTables& statement, Execution& execution);
wire::StatementResult run(const Set& statement, Execution& execution);
wire::StatementResult run(const ShowVariables& statement, Execution& execution);
wire::StatementResult run(const ShowStatus& statement, Execution& execution);
wire::StatementResult run(const ShowWarnings& statement, Execution& execution);
wire::StatementResult run(const ShowDatabases& statement, Execution& execution);
wire::StatementResult run(const ShowTables& statement, Execution& execution);
wire::StatementResult run(const ShowProcesslist& statement, Execution& execution);
wire::StatementResult run(const Use& statement, Execution& execution);
wire::StatementResult run(const Kill& statement, Execution& execution);
wire::StatementResult run(const Shutdown& statement, Execution& execution);
wire::StatementResult run(const Do& statement, Execution& execution);
wire::StatementResult run(const UnsupportedStatement& statement, Execution& execution);

}  // namespace tributary::admin
