#include <chrono>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "tributary/target/checkpoint.hpp"

#include "digest.hpp"

namespace tributary::target {
namespace {

constexpr std::uint16_t k_no_such_thread = 1094;  // ER_NO_SUCH_THREAD
constexpr std::size_t k_shown_statement = 80;

/// A lock's name is at most 64 characters (MySQL 5.7), so the key goes in as a hash.
std::string lock_name(const std::string& channel_uuid, const std::string& channel, std::uint32_t worker) {
  const std::string key = fmt::format("{}\n{}\n{}", channel_uuid, channel, worker);
  return "tributary." + sha256_hex(key).substr(0, 40);
}

std::optional<std::string> single_value(TargetConnection& connection, const std::string& sql) {
  const std::vector<Row> rows = connection.query(sql);
  return rows.empty() || rows[0].empty() ? std::nullopt : rows[0][0];
}

/// A session as SHOW PROCESSLIST tells; every account sees its own sessions there.
struct Session {
  std::string id;
  std::string command;
  std::string info;
};

std::optional<Session> find_session(TargetConnection& connection, const std::string& id) {
  constexpr std::size_t k_id = 0;
  constexpr std::size_t k_command = 4;
  constexpr std::size_t k_info = 7;
  for (const Row& row : connection.query("SHOW PROCESSLIST")) {
    if (row.size() > k_info && row[k_id] == id) {
      return Session{id, row[k_command].value_or(""), row[k_info].value_or("").substr(0, k_shown_statement)};
    }
  }
  return std::nullopt;
}

void kill_session(TargetConnection& connection, const std::string& id) {
  try {
    connection.execute("KILL CONNECTION " + id);
  } catch (const TargetError& error) {
    if (error.code() != k_no_such_thread) throw;
  }
}

/// Waits until a lock is free or ours, and makes an idle holder leave it.
class Wait {
 public:
  Wait(TargetConnection& connection, std::string channel, std::uint32_t timeout_seconds, const std::stop_token& stop)
      : connection_(connection),
        channel_(std::move(channel)),
        timeout_seconds_(timeout_seconds),
        deadline_(std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds)),
        stop_(stop) {}

  /// GET_LOCK; the session holds it afterwards.
  void for_lock(const std::string& name) const {
    std::string last_holder = "unknown";
    for (std::uint32_t wait = 0;; wait = 1) {
      const auto answer = single_value(connection_, fmt::format("SELECT GET_LOCK('{}', {})", name, wait));
      if (answer == "1") return;
      if (stop_.stop_requested()) {
        throw TargetError(error_code::k_query_interrupted, "70100",
                          fmt::format("waiting for an earlier session of channel '{}' was interrupted", channel_));
      }
      if (const auto id = single_value(connection_, fmt::format("SELECT IS_USED_LOCK('{}')", name))) {
        const std::optional<Session> holder = find_session(connection_, *id);
        last_holder = *id + (holder ? fmt::format(" ({} {})", holder->command, holder->info) : std::string());
        // Idle means that it waits for a client that does not exist any more. One at work is left to end: its
        // statement may be a DDL, which is better decided by its outcome than cut.
        if (holder && holder->command == "Sleep") kill_session(connection_, *id);
      }
      if (std::chrono::steady_clock::now() >= deadline_) {
        throw TargetError(
            error_code::k_lock_wait_timeout,
            fmt::format("an earlier session of channel '{}' is still at work in the target after {} seconds:"
                        " connection {}; it is waited for, since its transaction may yet commit. (Is another "
                        "tributaryd running on a copy of this data directory?)",
                        channel_, timeout_seconds_, last_holder));
      }
    }
  }

 private:
  TargetConnection& connection_;
  std::string channel_;
  std::uint32_t timeout_seconds_;
  std::chrono::steady_clock::time_point deadline_;
  const std::stop_token& stop_;
};

}  // namespace

void CheckpointStore::fence(TargetConnection& connection, std::uint32_t worker, std::uint32_t timeout_seconds,
                            const std::stop_token& stop) const {
  Wait(connection, channel_, timeout_seconds, stop).for_lock(lock_name(channel_uuid_, channel_, worker));
}

void CheckpointStore::fence_former_workers(TargetConnection& connection, std::uint32_t workers,
                                           std::uint32_t timeout_seconds, const std::stop_token& stop) const {
  const Wait wait(connection, channel_, timeout_seconds, stop);
  // One question for all: they are hardly ever there.
  std::vector<std::string> names;
  std::string question;
  for (std::uint32_t worker = workers; worker < k_most_workers; ++worker) {
    names.push_back(lock_name(channel_uuid_, channel_, worker));
    question += fmt::format("{} IS_USED_LOCK('{}')", question.empty() ? "SELECT" : ",", names.back());
  }
  if (names.empty()) return;
  const Row holders = connection.query(question).at(0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!holders.at(i)) continue;
    wait.for_lock(names[i]);
    connection.query(fmt::format("SELECT RELEASE_LOCK('{}')", names[i]));
  }
}

bool CheckpointStore::is_at_work(TargetConnection& connection, const OtherIntent& intent) {
  return single_value(connection,
                      fmt::format("SELECT IS_USED_LOCK('{}')", lock_name(intent.channel_uuid, intent.channel, 0)))
      .has_value();
}

}  // namespace tributary::target
