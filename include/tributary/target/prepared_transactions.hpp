#pragma once

#include <string>
#include <vector>

#include "tributary/binlog/control_events.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// An XA transaction that the source has prepared. Its events, from `begin` up to and with its XA_PREPARE, stand in one
/// relay file.
struct PreparedTransaction {
  binlog::XaId xid;
  relay::RelayPosition begin;
  relay::RelayPosition end;
  std::string source_file;
  std::string gtid;  ///< of the group; '' where the source has none
  /// Its changes are applied already: XA COMMIT has only to forget it.
  bool applied = false;
};

/// A channel's rows of tributary.xa_prepared. They are written in the target transaction that moves the checkpoint past
/// XA PREPARE, and removed in the one that carries the effects of XA COMMIT: so they are as new as the checkpoint.
/// Thread safe, as CheckpointStore.
class PreparedTransactionStore {
 public:
  /// The case of ASCII letters in @p channel does not count.
  PreparedTransactionStore(const std::string& channel_uuid, const std::string& channel);

  /// All of the channel, oldest first. @throws TargetError.
  std::vector<PreparedTransaction> load(TargetConnection& connection) const;
  /// The statement (no trailing ';') that writes a row; an earlier one of the same xid is replaced.
  [[nodiscard]] std::string remember_statement(const PreparedTransaction& prepared) const;
  /// The statement that removes the row of @p xid.
  [[nodiscard]] std::string forget_statement(const binlog::XaId& xid) const;
  /// Removes the rows of transactions whose events stand before @p start. Commits.
  void forget_before(TargetConnection& connection, const relay::RelayPosition& start) const;

 private:
  std::string key_;          ///< "channel_uuid = x'..' AND channel = x'..'"
  std::string assignments_;  ///< the same with a comma
};

}  // namespace tributary::target
