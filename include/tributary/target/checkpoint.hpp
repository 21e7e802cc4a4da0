#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "tributary/relay/relay_log.hpp"
#include "tributary/target/fingerprint.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// What was applied: the end of the last transaction whose effects are committed in the target.
struct Checkpoint {
  relay::RelayPosition position;  ///< in the channel's relay log
  std::string source_file;        ///< the same place in the source's coordinates
  std::uint64_t source_offset = 0;
  std::string gtid;  ///< last GTID applied, in its text form; '' when the source has none
  std::uint32_t source_timestamp = 0;
  /// Relay files from this number on are needed beyond the position: prepared XA transactions stand there. Not stored:
  /// it follows from tributary.xa_prepared.
  std::optional<std::uint64_t> needed_from = std::nullopt;
};

/// A DDL that may or may not have run when the daemon died (docs/architecture.md, DDL window).
struct DdlIntent {
  relay::RelayPosition statement;  ///< start of its QUERY event
  std::string statement_hash;      ///< at most 255 bytes
  std::string fingerprint;         ///< of the affected objects, before (target/fingerprint.hpp)
};

/// The intent of another channel, of this daemon or another one that applies to the same target.
struct OtherIntent {
  std::string channel_uuid;
  std::string channel;
  std::string fingerprint;
};

/// A channel's workers are numbered from 0 and below this.
inline constexpr std::uint32_t k_most_workers = 64;

/// The tables of the schema `tributary` in the target: the owner of "what was applied". Rows are keyed by the
/// channel's uuid and its name, so that several daemons can share one target. Thread safe (it holds no state that
/// changes); a connection that is passed in belongs to the caller for the time of the call.
class CheckpointStore {
 public:
  /// The case of ASCII letters in @p channel does not count, as in the channel layer.
  CheckpointStore(std::string channel_uuid, std::string channel);

  /// Makes or upgrades the schema (schema/target/*.sql, embedded). Idempotent; channels may call it at the same
  /// instant. Runs no DDL when nothing is to be done. @throws TargetError when the schema is newer than this program
  /// knows, when a table is not InnoDB (its row would not commit and roll back with the data), or from the server.
  void prepare(TargetConnection& connection) const;

  /// Makes this session the only one that may apply worker @p worker's part of the channel, for as long as the session
  /// lives (a named lock, GET_LOCK). Call it right after connecting, before load(): a session of an earlier attempt
  /// may still be alive in the server and commit what it was sent, although its client is long gone. Such a session
  /// is killed when it is idle and waited for when it is at work. The account needs no privilege for that.
  /// @throws TargetError 1205 (transient) naming the other session when it is still there after @p timeout_seconds,
  /// 1317 when @p stop is requested.
  void fence(TargetConnection& connection, std::uint32_t worker, std::uint32_t timeout_seconds,
             const std::stop_token& stop = {}) const;

  /// Waits in the same way until no session holds the part of a worker numbered @p workers or above, up to
  /// k_most_workers: those of an earlier run with more workers, for which nobody calls fence() now. Call it in a
  /// session that has fenced, before load(). Errors as fence().
  void fence_former_workers(TargetConnection& connection, std::uint32_t workers, std::uint32_t timeout_seconds,
                            const std::stop_token& stop = {}) const;

  /// The highest of the workers' rows; nullopt when the channel has none. A locking read: it waits for a transaction
  /// that is moving the checkpoint (error 1205 when that takes longer than innodb_lock_wait_timeout).
  std::optional<Checkpoint> load(TargetConnection& connection) const;
  /// The statement (no trailing ';') that moves worker @p worker's row; runs in the transaction with the data.
  /// @p if_strict, on MariaDB alone: it fails with 1048 where slave_exec_mode is not STRICT, which may have been
  /// changed since the session was prepared (must_not_pass_over_rows).
  [[nodiscard]] std::string move_statement(std::uint32_t worker, const Checkpoint& to, bool if_strict = false) const;

  std::optional<DdlIntent> load_intent(TargetConnection& connection) const;
  /// Records the intent; replaces an earlier one of the channel. @throws TargetError 1406 for a hash over 255 bytes.
  [[nodiscard]] std::string intent_statement(const DdlIntent& intent) const;
  [[nodiscard]] std::string clear_intent_statement() const;
  /// Statements, without ';' at their end, that begin a transaction: until it ends no other channel can do the same.
  [[nodiscard]] static std::string lock_intents_statement();
  /// Of those, the first that names one of @p objects.
  std::optional<OtherIntent> find_other_intent(TargetConnection& connection, std::span<const ObjectName> objects) const;
  /// Whether a session holds the first worker's part of that channel (fence()).
  static bool is_at_work(TargetConnection& connection, const OtherIntent& intent);
  /// Forgets the channel (RESET SLAVE, CHANGE MASTER with new coordinates).
  void forget(TargetConnection& connection) const;

 private:
  std::string key_;  ///< "channel_uuid = x'..' AND channel = x'..'"
  std::string channel_uuid_;
  std::string channel_;
};

}  // namespace tributary::target
