#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tributary/apply/statement_scan.hpp"
#include "tributary/target/checkpoint.hpp"

#include "work.hpp"
#include "worker_session.hpp"

namespace tributary::apply {

/// What to do with a DDL whose intent is found open.
enum class DdlDecision {
  run,             ///< it did not run
  run_tolerantly,  ///< nothing tells: run it, and take "already done" for done
  done,            ///< it ran
  undecidable      ///< it may have run, and running it twice would do harm
};

/// Decides from the fingerprints of the affected objects (target::fingerprint_objects) before the statement and now;
/// '' where they could not be taken. @p complete: they hold the ids of tables, so that equal means unchanged.
DdlDecision decide_ddl(const StatementScan& scan, std::string_view before, std::string_view now, bool complete);

/// True for the server's errors that say that an object is already there, or already gone.
bool means_already_done(std::uint16_t error_code);

/// Runs statements that commit by themselves, each exactly once: an intent row is committed before the statement, and
/// goes together with the move of the checkpoint. One thread.
class DdlWindow {
 public:
  /// @p open is the intent that was found in the target when the attempt began.
  DdlWindow(WorkerSession& session, const target::CheckpointStore& store, std::optional<target::DdlIntent> open)
      : session_(session), store_(store), open_(std::move(open)) {}

  /// Runs @p statement unless it ran already. Leaves the intent open: finishing it is the caller's, in the transaction
  /// that moves the checkpoint. @p take_gtid goes in front of the statement; where that fails, the session has own
  /// GTIDs again, else the caller ends it.
  /// @throws TargetError: the statement failed and left nothing behind, or the connection was lost.
  void run(const SourceStatement& statement, const std::string& take_gtid);
  /// Whether what run() last threw was the statement's own error.
  [[nodiscard]] bool statement_failed() const { return statement_failed_; }

 private:
  DdlDecision prepare(const SourceStatement& statement);
  /// @p before: that of the statement's intent, to be compared with; nullptr: the statement has not begun.
  std::string fingerprint(const SourceStatement& statement, const std::string* before);
  bool fingerprints_are_complete(const SourceStatement& statement);
  void clear_intent() noexcept;

  WorkerSession& session_;
  const target::CheckpointStore& store_;
  const std::optional<target::DdlIntent> open_;
  bool statement_failed_ = false;
};

}  // namespace tributary::apply
