#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tributary/apply/row_writer.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/target/prepared_transactions.hpp"

#include "work.hpp"
#include "worker_session.hpp"

namespace tributary::apply {

/// What a transaction failed with, and where in it.
struct Diagnosis {
  std::uint16_t code = 0;
  std::string message;  ///< complete: what, which table and row, which transaction, where
};

/// Finds out which event and which row of a transaction fails: runs it again on @p session, event by event and then row
/// by row, in a target transaction that is rolled back. For transactions that can be rolled back, and do not hold a DDL
/// that has not run. @p prepared is what is prepared in front of it; @p rows_session_statement is what a session must
/// run before statements of @p writer. nullopt when it does not fail this time. @throws TargetError when the connection
/// is lost, or for an error that another try may mend; Error from the relay log.
std::optional<Diagnosis> diagnose(WorkerSession& session, relay::RelayLog& log, const TransactionStart& transaction,
                                  const SqlDialect& target, RowWriter& writer,
                                  const std::string& rows_session_statement,
                                  const std::vector<target::PreparedTransaction>& prepared,
                                  const std::stop_token& stop);

}  // namespace tributary::apply
