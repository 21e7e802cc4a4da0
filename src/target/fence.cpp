#include <chrono>

#include <fmt/core.h>

#include "tributary/target/checkpoint.hpp"

#include "digest.hpp"

namespace tributary::target {
namespace {

constexpr std::uint16_t k_lock_wait_timeout = 1205;  // ER_LOCK_WAIT_TIMEOUT
constexpr std::uint16_t k_query_interrupted = 1317;  // ER_QUERY_INTERRUPTED
constexpr std::uint16_t k_no_such_thread = 1094;     // ER_NO_SUCH_THREAD
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

}  // namespace

void CheckpointStore::fence(TargetConnection& connection, std::uint32_t worker, std::uint32_t timeout_seconds,
                            const std::stop_token& stop) const {
  const std::string name = lock_name(channel_uuid_, channel_, worker);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds);
  std::string last_holder = "unknown";
  for (std::uint32_t wait = 0;; wait = 1) {
    const auto answer = single_value(connection, fmt::format("SELECT GET_LOCK('{}', {})", name, wait));
    if (answer == "1") return;
    if (stop.stop_requested()) {
      throw TargetError(k_query_interrupted, "70100",
                        fmt::format("waiting for an earlier session of channel '{}' was interrupted", channel_));
    }
    if (const auto id = single_value(connection, fmt::format("SELECT IS_USED_LOCK('{}')", name))) {
      const std::optional<Session> holder = find_session(connection, *id);
      last_holder = *id + (holder ? fmt::format(" ({} {})", holder->command, holder->info) : std::string());
      // Idle means that it waits for a client that does not exist any more. One at work is left to end: its
      // statement may be a DDL, which is better decided by its outcome than cut.
      if (holder && holder->command == "Sleep") kill_session(connection, *id);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      throw TargetError(
          k_lock_wait_timeout,
          fmt::format("an earlier session of channel '{}' is still at work in the target after {} seconds:"
                      " connection {}; it is waited for, since its transaction may yet commit. (Is another "
                      "tributaryd running on a copy of this data directory?)",
                      channel_, timeout_seconds, last_holder));
    }
  }
}

}  // namespace tributary::target
