#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "tributary/channel/channel.hpp"

namespace tributary::channel {

/// Error 1858.
[[noreturn]] void throw_skip_needs_gtid();

struct Channel::Implementation {
  Implementation(state::ChannelRecord initial, const ChannelDefaults& shared, state::Store& state_store)
      : name(initial.name),
        defaults(shared),
        store(state_store),
        record(std::move(initial)),
        workers(shared.parallel_workers) {
    if (const auto answers = store.source_answers(name)) set_source_settings(answers->time_zone, answers->variables);
  }

  /// What a waiting statement looks at, again and again.
  struct Progress {
    bool running = false;  ///< the applier
    std::uint64_t transactions = 0;
    relay::RelayPosition applied;
  };

  // Constant after construction.
  const std::string name;
  const ChannelDefaults& defaults;
  state::Store& store;

  /// Held by a statement from its first check to its last effect.
  std::mutex statement_mutex;

  /// Guards what follows; held for moments only.
  mutable std::mutex mutex;
  std::unique_ptr<relay::RelayCatalogue> catalogue;
  std::shared_ptr<relay::RelayLog> log;  ///< null when it could not be opened: log_error tells why
  std::string log_error;
  state::ChannelRecord record;
  /// Of the last source that answered; never null.
  std::shared_ptr<const apply::SourceSettings> source_settings = std::make_shared<apply::SourceSettings>();
  bool retired = false;
  std::shared_ptr<source::Receiver> receiver;  ///< kept after its thread ended, for its last status
  std::shared_ptr<apply::Applier> applier;
  std::uint32_t skip_counter = 0;     ///< for the next START of the applier
  std::uint32_t workers = 1;          ///< of the last START of the applier
  std::optional<apply::Until> until;  ///< of the last START of the applier
  target::Checkpoint mirror;
  std::chrono::steady_clock::time_point mirror_saved_at;
  bool io_alive = false;  ///< wanted by start(), and the thread's body has not returned yet
  bool sql_alive = false;

  // Touched only under statement_mutex, or when no statement can run.
  std::jthread io_thread;
  std::jthread sql_thread;

  /// Of the source, when it has answered: into the state store, and for the applier.
  void keep_answers(const source::SourceAnswers& answers);
  void set_source_settings(const std::string& time_zone, const std::string& variables);
  [[nodiscard]] relay::RelayLogOptions log_options(relay::RelayCatalogue& files) const;
  void open_log();
  void check_usable() const;
  /// Opens the relay log where that failed before. @throws Error 1872.
  void require_log();
  void must_be_stopped() const;
  /// @throws Error 1277, 1772, 1941, 1949.
  void check_until(const apply::Until& condition) const;
  [[nodiscard]] bool has_until() const {
    const std::lock_guard lock(mutex);
    return until.has_value();
  }
  /// The state store first: when it refuses, nothing has changed.
  void save(state::ChannelRecord next);
  [[nodiscard]] state::ChannelRecord copy_of_record() const;
  void start_io();
  void start_sql(const std::optional<apply::Until>& condition);
  void on_progress(const target::Checkpoint& checkpoint);
  void save_mirror();
  /// Makes @p next, which begins with a relay file to come, the configuration, and removes the files before that,
  /// also those of a log that cannot be opened.
  void begin_anew(state::ChannelRecord next);
  [[nodiscard]] target::TargetOptions options_for_a_question() const;
  /// What is applied, and all that stood before; asks the target. @throws target::TargetError, soon after @p stop is
  /// requested.
  [[nodiscard]] source::AppliedGtids applied_gtids(const std::stop_token& stop = {}) const;
  /// @p applied, a MySQL GTID set or MariaDB GTID position, with what stood before the relay file of @p position.
  [[nodiscard]] std::string with_gtids_before(const std::string& applied, const relay::RelayPosition& position) const;
  /// The same of a log that cannot be opened, as far as it is on record. @throws Error 1594.
  [[nodiscard]] std::string recorded_before(const relay::RelayPosition& position) const;
  void forget_checkpoint() const;
  [[nodiscard]] Progress progress() const;
  /// The place in the relay log that is @p file:@p position at the present source; a place not received yet lies
  /// beyond all others, one before all that is kept before them. nullopt: the names cannot be compared.
  [[nodiscard]] std::optional<relay::RelayPosition> relay_position_of(const std::string& file,
                                                                      std::uint64_t position) const;
  [[nodiscard]] relay::SourceIdentity present_source() const;

  [[nodiscard]] bool io_is_alive() const {
    const std::lock_guard lock(mutex);
    return io_alive;
  }
  [[nodiscard]] bool sql_is_alive() const {
    const std::lock_guard lock(mutex);
    return sql_alive;
  }
};

}  // namespace tributary::channel
