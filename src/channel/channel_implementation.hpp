#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tributary/channel/channel.hpp"

namespace tributary::channel {

struct Channel::Implementation {
  Implementation(state::ChannelRecord initial, const ChannelDefaults& shared, state::Store& state_store)
      : name(initial.name), defaults(shared), store(state_store), record(std::move(initial)) {}

  // Constant after construction.
  const std::string name;
  const ChannelDefaults& defaults;
  state::Store& store;
  std::unique_ptr<relay::RelayCatalogue> catalogue;
  std::unique_ptr<relay::RelayLog> log;  ///< null when it could not be opened: log_error tells why
  std::string log_error;

  /// Held by a statement from its first check to its last effect.
  std::mutex statement_mutex;

  /// Guards what follows; held for moments only.
  mutable std::mutex mutex;
  state::ChannelRecord record;
  bool retired = false;
  std::shared_ptr<source::Receiver> receiver;  ///< kept after its thread ended, for its last status
  std::shared_ptr<apply::Applier> applier;
  target::Checkpoint mirror;
  std::chrono::steady_clock::time_point mirror_saved_at;
  bool io_alive = false;  ///< the thread's body has not returned yet
  bool sql_alive = false;

  // Touched only under statement_mutex, or when no statement can run.
  std::jthread io_thread;
  std::jthread sql_thread;

  void open_log();
  void check_usable() const;
  void require_log() const;
  void must_be_stopped() const;
  void save();
  void start_io();
  void start_sql();
  void on_progress(const target::Checkpoint& checkpoint);
  void save_mirror();
  void drop_relay_logs(const std::string& log_file, std::uint64_t log_pos);
  void forget_checkpoint() const;

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
