#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tributary/target/checkpoint.hpp"

#include "ddl_decision.hpp"
#include "preserved_gtids.hpp"
#include "work.hpp"
#include "worker_session.hpp"

namespace tributary::apply {

/// Runs statements that commit by themselves, each exactly once: an intent row is committed before the statement, and
/// goes together with the move of the checkpoint. One thread.
class DdlWindow {
 public:
  /// @p open is the intent that was found in the target when the attempt began.
  /// @p gtids: that the target is to keep; null: it gives its own.
  DdlWindow(WorkerSession& session, const target::CheckpointStore& store, const PreservedGtids* gtids,
            std::optional<target::DdlIntent> open)
      : session_(session), store_(store), gtids_(gtids), open_(std::move(open)) {}

  /// Runs @p statement unless it ran already. Leaves the intent open: finishing it is the caller's, in the transaction
  /// that moves the checkpoint. @p take_gtid goes in front of the statement, for @p gtid; behind it the session has own
  /// GTIDs again.
  /// @throws TargetError: the statement failed and left nothing behind, or the connection was lost.
  void run(const SourceStatement& statement, const std::string& take_gtid, const std::string& gtid);
  /// Nothing is in the target's binary log with the GTID that was to be taken: the statement has left nothing there, or
  /// was not run.
  [[nodiscard]] bool gtid_is_unused() const { return gtid_is_unused_; }
  /// Whether what run() last threw was the statement's own error.
  [[nodiscard]] bool statement_failed() const { return statement_failed_; }

 private:
  DdlDecision prepare(const SourceStatement& statement);
  void record_intent(const SourceStatement& statement, const std::string& hash);
  void must_be_at_work(const target::OtherIntent& other, const SourceStatement& statement);
  /// @p before: that of the statement's intent, to be compared with; nullptr: the statement has not begun.
  std::string fingerprint(const SourceStatement& statement, const std::string* before);
  bool fingerprints_are_complete(const SourceStatement& statement);
  void clear_intent() noexcept;

  WorkerSession& session_;
  const target::CheckpointStore& store_;
  const PreservedGtids* const gtids_;
  const std::optional<target::DdlIntent> open_;
  bool statement_failed_ = false;
  bool gtid_is_unused_ = true;
};

}  // namespace tributary::apply
