#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace tributary::test {

/// A directory of its own under the system's temporary directory, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A private MariaDB server for one test: its own data directory, socket and free port on loopback, the account root
/// without a password. It dies with the test program. Every failure throws std::runtime_error with the end of the
/// server's error log, so that a missing or broken server fails the test. Used by one thread; the thread that
/// starts the server must live as long as the server is wanted.
class TestServer {
 public:
  /// Makes the data directory and starts. @p arguments are added to mariadbd's own ("--log-bin", "--server-id=2").
  explicit TestServer(std::vector<std::string> arguments = {});
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket() const { return (directory_.path() / "server.sock").string(); }
  [[nodiscard]] std::filesystem::path datadir() const { return directory_.path() / "data"; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  void start();   ///< again, on the same port and data; returns when the server answers
  void kill();    ///< SIGKILL: what a crash does
  void stop();    ///< SIGTERM, and waits for the end
  void freeze();  ///< SIGSTOP: connections stay open and nothing answers
  void thaw();    ///< SIGCONT

  using Row = std::vector<std::optional<std::string>>;
  /// Runs one or more statements as root in a session of their own; returns the rows of the last result set.
  std::vector<Row> run(std::string_view sql) const;
  /// The first value of the first row of run(sql); "NULL" for NULL.
  [[nodiscard]] std::string value(std::string_view sql) const;

 private:
  void install() const;
  void spawn();
  bool wait_until_it_answers();
  int wait_for_end();
  [[nodiscard]] std::string error_log_tail() const;

  TemporaryDirectory directory_;
  std::vector<std::string> arguments_;
  std::string host_ = "127.0.0.1";
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace tributary::test
