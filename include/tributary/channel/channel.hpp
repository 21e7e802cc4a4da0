#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tributary/apply/applier.hpp"
#include "tributary/channel/applier_setting.hpp"
#include "tributary/channel/skipped_gtids.hpp"
#include "tributary/source/receiver.hpp"
#include "tributary/state/store.hpp"

namespace tributary::channel {

/// What every channel of this daemon shares.
struct ChannelDefaults {
  std::filesystem::path datadir;
  std::string relay_log_basename;  ///< "<host>-relay-bin" unless set
  std::uint32_t server_id = 1;
  std::string report_host;
  std::function<std::uint16_t()> report_port;  ///< asked when a receiver starts; empty: 0
  std::uint32_t parallel_workers = 4;
  std::shared_ptr<apply::WorkerSlots> worker_slots;  ///< ApplierOptions::worker_slots
  std::shared_ptr<apply::ChunkMemory> chunk_memory;  ///< ApplierOptions::chunk_memory
  apply::RowWriterMode row_writer = apply::RowWriterMode::automatic;
  std::optional<target::TargetOptions> target;  ///< none: receive only
  std::shared_ptr<SkippedGtids> skipped_gtids;  ///< ChannelSet makes it; null: none
  bool relay_log_purge = false;                 ///< remove relay files once they are applied
};

/// Which of a channel's threads a statement names.
struct ThreadSelection {
  bool io = true;
  bool sql = true;
};

/// Everything SHOW SLAVE STATUS needs, taken at one instant.
struct ChannelStatus {
  state::ChannelRecord config;
  source::ReceiverStatus receiver;
  apply::ApplierStatus applier;
  std::optional<apply::Until> until;  ///< of the last START of the applier
  std::uint32_t skip_counter = 0;     ///< events that the applier has still to pass over
  bool target_configured = false;
  std::uint32_t workers = 1;    ///< of the applier's last START, or the default
  std::string relay_log_error;  ///< why the relay log cannot be used; '' when it can
  relay::ReceivePosition received;
  std::uint64_t relay_bytes = 0;
  std::string relay_file_applying;  ///< relay file that holds the applied position
  std::string relay_file_receiving;
  /// The target's checkpoint, or the mirror's while it is away; moved on over events that stand outside of
  /// transactions (a rotation, say), for which no checkpoint is written.
  target::Checkpoint applied;
  std::optional<std::int64_t> seconds_behind;  ///< nullopt: NULL
};

/// What CHANGE MASTER may change; nullopt keeps the value.
struct ChannelChange {
  std::optional<std::string> host, user, password, log_file, gtid_mode;
  std::optional<std::uint16_t> port;
  std::optional<std::uint64_t> log_pos, retry_count;
  std::optional<std::uint32_t> connect_retry;
  std::optional<std::uint32_t> sql_delay;
  std::optional<double> heartbeat_period;
  std::optional<std::string> start_gtid;  ///< begins anew after this MySQL GTID set or MariaDB GTID position
  std::vector<std::pair<std::string state::SourceLinkRecord::*, std::string>> link_texts;
  std::vector<std::pair<bool state::SourceLinkRecord::*, bool>> link_flags;
  SettingValues settings;  ///< checked
};

/// A note or warning raised by a statement that succeeded (SHOW WARNINGS).
struct Note {
  std::uint16_t code = 0;
  std::string message;
  bool warning = false;  ///< Warning, else Note
};
using Notes = std::vector<Note>;

/// One named stream from one source. Thread safe; statements on one channel run one after another.
/// Errors are MySQL's (sql-surface 5): 3021, 3081, 3085, 1200, 1794...
class Channel {
 public:
  Channel(state::ChannelRecord record, const ChannelDefaults& defaults, state::Store& store);
  ~Channel();  ///< stops both threads; their wanted state stays as it was

  [[nodiscard]] const std::string& name() const;
  /// CHANGE MASTER: rules of sql-surface 1.1 for threads and positions.
  Notes change(const ChannelChange& change);
  /// 1200 without a host; an applier without a target is refused (1794), an @p until that does not fit the channel with
  /// 1277, 1772, 1941 or 1949. An applier with @p until is not started again with the daemon.
  Notes start(ThreadSelection threads, const std::optional<apply::Until>& until = std::nullopt);
  /// sql_slave_skip_counter of the next START of the applier: 3085 while it runs, 1858 with AUTO_POSITION.
  void set_skip_counter(std::uint32_t events);
  Notes stop(ThreadSelection threads);  ///< returns when the threads have ended
  void reset();                         ///< RESET SLAVE: relay logs go, coordinates are forgotten; 3081 when running
  /// RESET SLAVE ALL: relay logs and the checkpoint in the target go; every later call on this object fails with
  /// 3074. 3081 when running.
  void retire();
  /// Starts the threads that ran when the daemon was last up; a failure is logged, unless it is tried @p again, not
  /// thrown. @return whether nothing is left to be started.
  bool start_wanted(bool again = false);
  /// Ends the threads for a shutdown of the daemon: the wanted state is kept.
  void request_shutdown();
  void join();
  [[nodiscard]] ChannelStatus status() const;
  /// apply::Applier::tables() of the present applier, or the last one; none before the first START.
  [[nodiscard]] std::vector<apply::TableWriter> table_writers() const;
  /// Waits until the applied position reaches file:position in source coordinates.
  /// @return transactions waited for (>= 0), -1 on timeout, nullopt when the applier is not running or stops.
  /// @p timeout_s 0 = no limit. Returns nullopt also when @p stop is requested.
  std::optional<std::int64_t> wait_applied(const std::string& file, std::uint64_t position, double timeout_s,
                                           const std::stop_token& stop) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// All channels. Names compare without regard to case and are kept as first written. Thread safe.
class ChannelSet {
 public:
  static constexpr std::size_t k_max_channels = 256;  // MAX_CHANNELS, sql/rpl_msr.h
  static constexpr std::size_t k_max_name_characters = 64;

  ChannelSet(ChannelDefaults defaults, state::Store& store);
  ~ChannelSet();

  /// Starts the threads that ran when the daemon was last up. A channel that cannot be started is tried again until it
  /// can (a disk is full), or is not wanted any more.
  void start_wanted();
  /// Ends all threads, all channels at once.
  void shutdown();

  std::shared_ptr<Channel> find(const std::string& name) const;  ///< nullptr when there is none
  /// Finds, or makes and stores. @throws Error 3076 (name), 3080 (too many), 3139 (reserved name).
  std::shared_ptr<Channel> find_or_create(const std::string& name);
  std::vector<std::shared_ptr<Channel>> all() const;  ///< by name
  /// RESET SLAVE ALL FOR CHANNEL: 3081 when running; the channel, its files and its records are gone.
  void remove(const std::string& name);

  [[nodiscard]] const ChannelDefaults& defaults() const { return defaults_; }

  /// The global sql_slave_skip_counter, which the next applier to be started gets. @throws Error 1858 where none could.
  void set_skip_counter(std::uint32_t events);
  [[nodiscard]] std::uint32_t skip_counter() const { return skip_counter_; }
  /// Of all settings: a channel's own over the global ones over the defaults.
  [[nodiscard]] SettingValues settings(const std::optional<std::string>& channel) const;
  /// @p value is checked; nullopt: the default, which for a channel is the global one.
  void set(const std::optional<std::string>& channel, const ApplierSetting& setting,
           const std::optional<std::string>& value);

 private:
  ChannelDefaults defaults_;
  std::atomic<std::uint32_t> skip_counter_{0};
  state::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Channel>> channels_;  ///< by lower-cased name
  std::jthread starter_;                                      ///< while some could not be started
};

}  // namespace tributary::channel
