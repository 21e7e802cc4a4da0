#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tributary/relay/relay_log.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// What was applied: the end of the last transaction whose effects are committed in the target.
struct Checkpoint {
  relay::RelayPosition position;  ///< in the channel's relay log
  std::string source_file;        ///< the same place in the source's coordinates
  std::uint64_t source_offset = 0;
  std::string gtid;                ///< last GTID applied, in its text form; '' when the source has none
  std::uint32_t source_timestamp = 0;
};

/// A DDL that may or may not have run when the daemon died (docs/architecture.md, DDL window).
struct DdlIntent {
  relay::RelayPosition statement;  ///< start of its QUERY event
  std::string statement_hash;
  std::string fingerprint;         ///< of the affected objects, before
};

/// The tables of the schema `tributary` in the target: the owner of "what was applied". Rows are keyed by the
/// daemon's uuid and the channel, so that several daemons can share one target.
class CheckpointStore {
 public:
  CheckpointStore(std::string daemon_uuid, std::string channel);

  /// Makes or upgrades the schema (schema/target/*.sql, embedded). Idempotent.
  void prepare(TargetConnection& connection) const;
  /// The highest of the workers' rows; nullopt when the channel has none.
  std::optional<Checkpoint> load(TargetConnection& connection) const;
  /// The statement (no trailing ';') that moves worker @p worker's row; runs in the transaction with the data.
  [[nodiscard]] std::string move_statement(std::uint32_t worker, const Checkpoint& to) const;

  std::optional<DdlIntent> load_intent(TargetConnection& connection) const;
  [[nodiscard]] std::string intent_statement(const DdlIntent& intent) const;
  [[nodiscard]] std::string clear_intent_statement() const;
  /// Forgets the channel (RESET SLAVE, CHANGE MASTER with new coordinates).
  void forget(TargetConnection& connection) const;

 private:
  std::string key_;  ///< "daemon_uuid = x'..' AND channel = x'..'"
  std::string daemon_uuid_;
  std::string channel_;
};

}  // namespace tributary::target
