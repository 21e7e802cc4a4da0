#include "tributary/admin/session_registry.hpp"

#include <utility>

namespace tributary::admin {

std::vector<SessionInfo> SessionRegistry::sessions() const {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  std::vector<SessionInfo> sessions;
  sessions.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    sessions.push_back(entry.info);
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - entry.since);
    sessions.back().time_seconds = static_cast<std::uint64_t>(passed.count());
  }
  return sessions;
}

bool SessionRegistry::kill(std::uint32_t id, KillKind kind) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return false;
  entry->second.on_kill(kind);
  return true;
}

RegisteredSession::RegisteredSession(SessionRegistry& registry, std::string host, std::function<void(KillKind)> on_kill)
    : registry_(registry) {
  const std::lock_guard lock(registry_.mutex_);
  do {
    id_ = ++registry_.last_id_;
  } while (id_ == 0 || registry_.entries_.contains(id_));
  SessionRegistry::Entry& entry = registry_.entries_[id_];
  entry.info.id = id_;
  entry.info.user = "unauthenticated user";
  entry.info.host = std::move(host);
  entry.info.command = "Connect";
  entry.info.state = "login";
  entry.since = std::chrono::steady_clock::now();
  entry.on_kill = std::move(on_kill);
}

RegisteredSession::~RegisteredSession() {
  const std::lock_guard lock(registry_.mutex_);
  registry_.entries_.erase(id_);
}

void RegisteredSession::logged_in(std::string_view user, std::string_view database) {
  const std::lock_guard lock(registry_.mutex_);
  SessionInfo& info = registry_.entries_[id_].info;
  info.user = user;
  info.database = database;
}

void RegisteredSession::use_database(std::string_view database) {
  const std::lock_guard lock(registry_.mutex_);
  registry_.entries_[id_].info.database = database;
}

void RegisteredSession::begin(std::string_view command, std::string_view info) {
  const std::lock_guard lock(registry_.mutex_);
  SessionRegistry::Entry& entry = registry_.entries_[id_];
  entry.info.command = command;
  entry.info.state = "executing";
  entry.info.info = info;
  entry.since = std::chrono::steady_clock::now();
}

void RegisteredSession::end() {
  const std::lock_guard lock(registry_.mutex_);
  SessionRegistry::Entry& entry = registry_.entries_[id_];
  entry.info.command = "Sleep";
  entry.info.state.clear();
  entry.info.info.clear();
  entry.since = std::chrono::steady_clock::now();
}

}  // namespace tributary::admin
