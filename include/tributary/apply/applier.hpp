#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tributary/apply/chunk_memory.hpp"
#include "tributary/apply/skipped_errors.hpp"
#include "tributary/apply/source_settings.hpp"
#include "tributary/apply/until.hpp"
#include "tributary/apply/worker_slots.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/target/checkpoint.hpp"
#include "tributary/target/target_server.hpp"

namespace tributary::apply {

/// By what transactions are told apart that need not wait for each other: slave_parallel_type.
enum class DependencyMode : std::uint8_t {
  database,       ///< those of different databases
  logical_clock,  ///< those that the source committed together, or says to be independent
  writeset,       ///< those that change other rows
};
/// How changes of rows are written.
enum class RowWriterMode : std::uint8_t {
  automatic,  ///< BINLOG, and plain SQL where the account may not
  binlog,     ///< BINLOG always
  sql,        ///< plain SQL, and BINLOG for the tables that plain SQL does not do justice to
};
/// slave_exec_mode: whether rows that are there already or missing are an error.
enum class ExecMode : std::uint8_t { strict, idempotent };

struct ApplierOptions {
  std::string channel;
  std::string channel_uuid;
  target::TargetOptions target;
  std::uint32_t workers = 4;
  /// For the workers beyond the first, shared by all channels; null: no limit.
  std::shared_ptr<WorkerSlots> worker_slots;
  std::shared_ptr<ChunkMemory> chunk_memory;  ///< shared by all channels; null: its own
  std::uint32_t transaction_retries = 10;     ///< of a transient error, for one transaction
  std::uint32_t row_lock_wait = 10;           ///< seconds; a lock held for longer is an error, which is tried again
  std::uint32_t batch_transactions = 100;     ///< limits of one target transaction
  std::uint64_t batch_bytes = std::uint64_t{4} << 20;
  std::uint32_t batch_rows = UINT32_MAX;  ///< the largest: rows are not counted
  DependencyMode dependencies = DependencyMode::writeset;
  RowWriterMode row_writer = RowWriterMode::automatic;
  ExecMode exec_mode = ExecMode::strict;
  bool preserve_gtids = false;  ///< each transaction keeps the source's GTID; then none share a target transaction
  SkippedErrors skip_errors;
  /// Where to begin when the target holds no checkpoint of this channel.
  relay::RelayPosition start;
  std::string start_gtid;  ///< the GTID position there
  /// What is known to be applied since @ref start, from an earlier run; file number 0: nothing. A target that holds no
  /// checkpoint has lost it, and the applier stops.
  relay::RelayPosition known_applied;
  std::uint32_t delay = 0;  ///< seconds after the source, MASTER_DELAY
  /// Our clock minus the source's, seconds; no function: 0. Any thread.
  std::function<std::int64_t()> clock_difference;
  std::uint32_t skip_counter = 0;  ///< sql_slave_skip_counter: events to pass over first
  /// Whether an administrator has declared the transaction applied: it is passed over; no function: none is. Any
  /// thread.
  std::function<bool(const gtid::MysqlGtid&)> is_declared_applied;
  /// Stops by itself there.
  std::optional<Until> until;
  /// @return the GTIDs of a checkpoint and its place, with all that stood before; no function: those alone.
  std::function<std::string(const std::string& gtids, const relay::RelayPosition& place)> with_gtids_before;
  /// Of the source at present, never null; no function: nothing is known. Any thread.
  std::function<std::shared_ptr<const SourceSettings>()> source_settings;
};

/// A consistent copy of the applier's figures.
struct ApplierStatus {
  bool running = false;
  std::string stage;  ///< "Replica has read all relay log; waiting for more updates", ...
  std::uint16_t error_code = 0;
  std::string error_message;  ///< what, where (file, position, GTID), which table and row
  std::int64_t error_at = 0;
  target::Checkpoint applied;                 ///< committed in the target
  bool applied_known = false;                 ///< the target was asked: until then `applied` says nothing
  relay::RelayPosition reading;               ///< coordinator's cursor
  std::optional<std::int64_t> delayed_until;  ///< seconds since the epoch: a transaction waits for MASTER_DELAY
  std::uint32_t current_timestamp = 0;        ///< of the transaction being applied (source's clock); 0: none
  bool caught_up = false;                     ///< everything published is applied
  std::uint64_t transactions = 0;
  std::uint64_t retries = 0;
  std::uint64_t passed_over = 0;   ///< errors, by exec_mode and skip_errors
  std::uint32_t skip_counter = 0;  ///< what is left of it
};

/// How the rows of a table are written at present.
struct TableWriter {
  std::string database;
  std::string table;
  std::string writer;      ///< "BINLOG", "SQL"
  std::string why;         ///< it and not the other
  std::uint64_t rows = 0;  ///< since the applier was made, with those that were read again after a failure
};

/// A channel's SQL thread: coordinator and workers. Reads the relay log, applies to the target, moves the checkpoint
/// in the transaction that carries the data. Every failure takes one road: roll back, read the checkpoint from the
/// target, position the cursor there, go on; with single transactions until past the place that failed.
class Applier {
 public:
  Applier(ApplierOptions options, relay::RelayLog& log, std::function<void(const target::Checkpoint&)> on_progress);
  ~Applier();

  /// The coordinator's thread body; starts and joins the workers. Returns when @p stop is requested (within a few
  /// seconds, also when the target hangs), when all that `until` lets pass is applied, or after an error that needs an
  /// administrator. Never throws.
  void run(std::stop_token stop);
  /// Any thread.
  [[nodiscard]] ApplierStatus status() const;
  /// The tables whose rows came by since the applier was made, in order. Any thread.
  [[nodiscard]] std::vector<TableWriter> tables() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::apply
