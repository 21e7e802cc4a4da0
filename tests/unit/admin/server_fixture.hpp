#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <mysql.h>
#include <unistd.h>

#include "tributary/admin/admin_server.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/random.hpp"
#include "tributary/wire/native_password.hpp"

namespace tributary::admin {

/// A handler of few words, to drive the server with:
/// ROWS; BIG <bytes>; WAIT (until stopped or released); WAIT_OK; FAIL; USE <name>; WARN; ECHO <text>; KILL <id>;
/// anything else: OK.
class SmallHandler final : public wire::StatementHandler {
 public:
  explicit SmallHandler(SessionRegistry& registry) : registry_(registry) {}

  wire::StatementResult execute(std::string_view sql, wire::SessionState& session, std::stop_token stop) override {
    ++executed;
    const std::string_view word = sql.substr(0, sql.find(' '));
    const std::string rest(sql.substr(std::min(sql.size(), word.size() + 1)));
    if (word == "ROWS") return rows();
    if (word == "BIG") return text(std::string(std::stoul(rest), 'b'));
    if (word == "ECHO") return text(rest);
    if (word == "DATABASE") return text(session.database);
    if (word == "WHO") return text(session.user + "@" + session.account_host + " from " + session.client_host);
    if (word == "FAIL") throw Error(1064, "42000", "You have an error in your SQL syntax near '" + rest + "'");
    if (word == "CRASH") throw std::runtime_error("unforeseen");
    if (word == "USE") session.database = rest;
    if (word == "WARN") session.warnings = {{"Note", 1287, "old"}, {"Note", 1287, "older"}};
    if (word == "KILL" && !registry_.kill(static_cast<std::uint32_t>(std::stoul(rest)), KillKind::connection)) {
      throw Error(1094, "Unknown thread id: " + rest);
    }
    if (word == "WAIT") return wait(stop), text("waited");
    if (word == "WAIT_OK") return wait(stop), wire::OkResult{};
    return wire::OkResult{static_cast<std::uint64_t>(sql.size()), "done: " + std::string(sql)};
  }

  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  /// Returns when this many statements are in WAIT.
  void await_waiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  /// Returns when this many waits have ended by their stop token.
  void await_stopped(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ >= count; });
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

  std::atomic<int> executed = 0;

 private:
  static wire::StatementResult text(std::string value) { return wire::ResultSet{{{"text"}}, {{std::move(value)}}}; }
  static wire::StatementResult rows() {
    return wire::ResultSet{{{"number", wire::ColumnType::longlong, 20, true},
                            {"name", wire::ColumnType::var_string, 64, false},
                            {"share", wire::ColumnType::double_precision, 0, false}},
                           {{"18446744073709551615", "Zürich", "0.5"}, {"0", std::nullopt, std::nullopt}}};
  }
  void wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return released_; });
    --waiting_;
    if (stop.stop_requested()) ++stopped_;
    changed_.notify_all();
  }

  SessionRegistry& registry_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool released_ = false;
  int waiting_ = 0;
  int stopped_ = 0;
};

/// Accounts in a list: the matching is that of the store's accounts.
class ListedAccounts final : public AccountDirectory {
 public:
  explicit ListedAccounts(std::vector<state::AccountRecord> accounts) : accounts_(std::move(accounts)) {}
  std::optional<state::AccountRecord> find(const std::string& user, const std::string& client_host) override {
    return match_account(accounts_, user, client_host);
  }

 private:
  std::vector<state::AccountRecord> accounts_;
};

/// A libmariadb connection.
class Client {
 public:
  Client() : mysql_(mysql_init(nullptr)) {
    // A hang is to be a failure, not a test run without end.
    const unsigned seconds = 60;
    mysql_options(mysql_, MYSQL_OPT_READ_TIMEOUT, &seconds);
  }
  ~Client() { mysql_close(mysql_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  MYSQL* get() { return mysql_; }
  bool connect_tcp(std::uint16_t port, const char* user = "root", const char* password = "secret",
                   const char* database = nullptr, unsigned long flags = 0) {
    return mysql_real_connect(mysql_, "127.0.0.1", user, password, database, port, nullptr, flags) != nullptr;
  }
  bool connect_unix(const std::string& socket, const char* user = "root", const char* password = "secret") {
    return mysql_real_connect(mysql_, "localhost", user, password, nullptr, 0, socket.c_str(), 0) != nullptr;
  }
  /// 0, or the error's number.
  unsigned query(const std::string& sql) {
    return mysql_real_query(mysql_, sql.data(), sql.size()) == 0 ? 0 : mysql_errno(mysql_);
  }
  /// First value of the first row; the error's text when there is none.
  std::string value(const std::string& sql) {
    if (query(sql) != 0) return mysql_error(mysql_);
    return stored_value();
  }
  std::string stored_value() {
    MYSQL_RES* result = mysql_store_result(mysql_);
    if (result == nullptr) return "no result: " + std::string(mysql_error(mysql_));
    MYSQL_ROW row = mysql_fetch_row(result);
    std::string text = row == nullptr || row[0] == nullptr ? "NULL" : row[0];
    mysql_free_result(result);
    return text;
  }
  unsigned error() { return mysql_errno(mysql_); }
  std::string error_text() { return mysql_error(mysql_); }
  std::uint32_t id() { return static_cast<std::uint32_t>(mysql_thread_id(mysql_)); }

 private:
  MYSQL* mysql_;
};

/// A server on a free port and on a socket in a directory of its own.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-admin-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = pattern;
    options_.port = 0;
    options_.socket = directory_ / "admin.sock";
    options_.server_version = "8.0.36-tributary-test";
    options_.failed_login_delay = std::chrono::milliseconds(1);
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void start() {
    listen();
    server_->start();
  }
  void listen() {
    server_ = std::make_unique<AdminServer>(options_, handler_, accounts_, registry_);
    server_->listen();
  }
  std::uint16_t port() { return server_->port(); }
  std::string socket() { return options_.socket.string(); }
  /// Returns when as many sessions exist.
  void await_sessions(std::size_t count) {
    while (registry_.sessions().size() != count) ::usleep(1000);
  }

  std::filesystem::path directory_;
  AdminServerOptions options_;
  SessionRegistry registry_;
  SmallHandler handler_{registry_};
  ListedAccounts accounts_{{{"root", "localhost", wire::native_password_hash("secret")},
                            {"anyone", "%", wire::native_password_hash("open")},
                            {"empty", "%", ""},
                            {"far", "192.0.2.1", wire::native_password_hash("secret")}}};
  std::unique_ptr<AdminServer> server_;
};

}  // namespace tributary::admin
