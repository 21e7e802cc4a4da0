#pragma once

#include <string>

#include "work.hpp"
#include "worker_session.hpp"

namespace tributary::apply {

/// Runs the statement in its session; a statement that failed in the source must fail here with the same error.
/// @p before stands in front of it in the same packet (with its ';'). @throws TargetError.
void run_source_statement(WorkerSession& session, const SourceStatement& statement, std::string before);

/// The same for a statement of kind temporary_table, which may have run in this session already: rolling a transaction
/// back neither brings a dropped temporary table back nor takes a new one away. Notes it in the session.
void run_temporary_table_statement(WorkerSession& session, const SourceStatement& statement, std::string before);

}  // namespace tributary::apply
