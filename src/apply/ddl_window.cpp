#include "ddl_window.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "tributary/target/fingerprint.hpp"
#include "tributary/util/crash_point.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/log.hpp"

#include "failure_text.hpp"
#include "partial_statement.hpp"
#include "source_statement.hpp"

namespace tributary::apply {
namespace {

/// Tells a statement from another at the same place; not a defence against anybody.
std::string statement_hash(const SourceStatement& statement) {
  return fmt::format("crc32:{:08x} bytes:{}", crc32(as_bytes(statement.text)), statement.text.size());
}

/// An intent of another channel on the same object is looked for again after so long, and then less often.
constexpr auto k_first_wait = std::chrono::milliseconds(5);
constexpr auto k_longest_wait = std::chrono::milliseconds(500);

bool tells_ids(std::string_view fingerprints) {
  const auto lines = target::fingerprint_lines(fingerprints);
  return std::any_of(lines.begin(), lines.end(), [](const auto& line) { return !line.stored_as.empty(); });
}

/// The same statement, for those of its objects that are still there; nullopt where it has no such form.
std::optional<SourceStatement> rest_of(const SourceStatement& statement) {
  SourceStatement rest = statement;
  return insert_if_exists(rest) ? std::optional(std::move(rest)) : std::nullopt;
}

}  // namespace

std::string DdlWindow::fingerprint(const SourceStatement& statement, const std::string* before) {
  if (statement.scan.effect == DdlEffect::unknown || statement.scan.objects.empty()) return {};
  try {
    if (const std::string enter = session_.context().enter_plain(); !enter.empty()) session_.execute(enter);
    const StatementScan& scan = statement.scan;
    // Ids of tables are needed where the names alone do not tell.
    std::string fingerprint;
    bool with_ids = before != nullptr && tells_ids(*before);
    if (!with_ids) {
      fingerprint = target::fingerprint_objects(session_.connection(), scan.objects, target::StoredAs::left_out);
      with_ids = before == nullptr && scan.effect == DdlEffect::alter && permutes_names(scan, fingerprint);
    }
    return with_ids ? target::fingerprint_objects(session_.connection(), scan.objects) : fingerprint;
  } catch (const target::TargetError& error) {
    // These tell nothing about the definitions.
    if (error.transient() || error.code() == error_code::k_query_interrupted) throw;
    // A view over a missing table, a definition that the account may not see.
    log(LogLevel::info, "definitions before '{}' cannot be read: {}", statement_excerpt(statement.text),
        message_without_password(statement.text, error.what()));
    return {};
  }
}

bool DdlWindow::fingerprints_are_complete(const SourceStatement& statement) {
  const auto is_complete = [this](const target::ObjectName& object) {
    const std::string definition = target::object_definition(session_.connection(), object);
    return definition == target::k_absent || (definition.find("ENGINE=InnoDB") != std::string::npos &&
                                              definition.find("innodb ids not readable") == std::string::npos);
  };
  const auto& objects = statement.scan.objects;
  return std::all_of(objects.begin(), objects.end(), is_complete);
}

DdlDecision DdlWindow::prepare(const SourceStatement& statement) {
  const std::string hash = statement_hash(statement);
  if (open_ && open_->statement == statement.place.start) {
    if (open_->statement_hash != hash) {
      throw Error(
          error_code::k_replica_fatal,
          fmt::format("Fatal error: tributary.ddl_intent in the target names another statement ({}) at the place "
                      "of this one ({}): '{}'. The relay log is not the one that was being applied",
                      open_->statement_hash, hash, statement_excerpt(statement.text)));
    }
    const std::string now = fingerprint(statement, &open_->fingerprint);
    const bool must_be_complete = now == open_->fingerprint && statement.scan.objects.size() > 1;
    const bool complete = !must_be_complete || fingerprints_are_complete(statement);
    return decide_ddl(statement.scan, open_->fingerprint, now, complete);
  }
  if (statement.scan.repeatable) return DdlDecision::run;
  record_intent(statement, hash);
  crash_point("apply.after_intent");
  return DdlDecision::run;
}

/// While another channel's statement on the same objects is not settled, what becomes of them would not tell which of
/// the two has run.
void DdlWindow::record_intent(const SourceStatement& statement, const std::string& hash) {
  target::TargetConnection& connection = session_.connection();
  const auto& objects = statement.scan.objects;
  // This one is for what it may have to wait for: the next one is taken under a lock.
  target::DdlIntent intent{statement.place.start, hash, fingerprint(statement, nullptr)};
  if (!objects.empty()) {
    for (auto wait = k_first_wait;; wait = std::min(wait * 2, k_longest_wait)) {
      session_.execute(session_.context().enter_plain() + target::CheckpointStore::lock_intents_statement());
      const auto other = store_.find_other_intent(connection, objects);
      if (!other) break;
      session_.execute("ROLLBACK");
      must_be_at_work(*other, statement);
      session_.execute(fmt::format("DO SLEEP({})", std::chrono::duration<double>(wait).count()));
    }
    intent.fingerprint = fingerprint(statement, nullptr);
  }
  session_.execute(session_.context().enter_plain() + store_.intent_statement(intent) +
                   (objects.empty() ? "" : ";COMMIT"));
}

void DdlWindow::must_be_at_work(const target::OtherIntent& other, const SourceStatement& statement) {
  if (target::CheckpointStore::is_at_work(session_.connection(), other)) return;
  // Transient: it may be about to connect again.
  throw target::TargetError(
      error_code::k_lock_wait_timeout,
      fmt::format("a statement of channel '{}' on the same objects was interrupted, and whether '{}' may run is only "
                  "known when that one is settled: start that channel's applier (if the channel is gone for good, "
                  "delete its row from tributary.ddl_intent in the target)",
                  other.channel, statement_excerpt(statement.text)));
}

void DdlWindow::clear_intent() noexcept {
  try {
    session_.execute(session_.context().enter_plain() + store_.clear_intent_statement());
  } catch (const std::exception& error) {
    // The next attempt finds it, and with the definitions unchanged runs the statement again.
    log(LogLevel::warning, "the intent of a failed statement stays in tributary.ddl_intent: {}", error.what());
    session_.disconnect();
  }
}

void DdlWindow::run(const SourceStatement& statement, const std::string& take_gtid, const std::string& gtid) {
  statement_failed_ = false;
  gtid_is_unused_ = true;
  const DdlDecision decision = prepare(statement);
  switch (decision) {
    case DdlDecision::run:
    case DdlDecision::run_tolerantly:
    case DdlDecision::run_rest:
      break;
    case DdlDecision::done:
      log(LogLevel::info, "the statement ran before the interruption, by the definitions of its objects: '{}'",
          statement_excerpt(statement.text));
      return;
    case DdlDecision::undecidable:
      throw Error(
          error_code::k_replica_fatal,
          fmt::format("Fatal error: whether '{}' ran before the interruption cannot be decided: what it renames or "
                      "exchanges is neither as before nor as after it, or looks alike and the ids of tables are not "
                      "known (engine other than InnoDB, or the account lacks the privilege PROCESS). Bring all of it "
                      "into the state before the statement, delete the channel's row from tributary.ddl_intent in the "
                      "target, and start the applier again",
                      statement_excerpt(statement.text)));
  }
  const auto rest = decision == DdlDecision::run_rest ? rest_of(statement) : std::nullopt;
  const bool tolerantly = decision == DdlDecision::run_tolerantly || (decision == DdlDecision::run_rest && !rest);
  const auto give_back = [&] {
    if (!take_gtid.empty()) gtid_is_unused_ = gtids_->give_back_unused(session_.connection(), gtid);
  };
  bool failed = false;
  try {
    run_source_statement(session_, rest ? *rest : statement, take_gtid);
  } catch (const target::TargetError& error) {
    if (error.connection_lost()) throw;
    failed = true;
    session_.context().forget();
    give_back();
    if (!tolerantly || !means_already_done(error.code())) {
      clear_intent();
      statement_failed_ = true;
      throw;
    }
    log(LogLevel::warning, "error {} ({}) is taken to mean that the statement ran before the interruption: '{}'",
        error.code(), message_without_password(statement.text, error.what()), statement_excerpt(statement.text));
  }
  if (!failed) give_back();
  session_.context().forget_database();
  crash_point("apply.after_ddl");
}

}  // namespace tributary::apply
