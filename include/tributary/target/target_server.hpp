#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/util/error.hpp"

namespace tributary::target {

/// Where changes are applied. From --target mysql://user@host:port[?ssl-ca=/path...] or
/// mysql://user@localhost?socket=/path.
struct TargetOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string socket;  ///< used instead of host and port when not empty
  std::string user;
  std::string password;
  /// TLS, if not empty: whom to trust. The target's certificate is verified, and must be for the host. Nothing is sent
  /// to a target that has no such certificate.
  std::string ssl_ca;
  std::string ssl_cert, ssl_key;       ///< our own certificate, with ssl_ca only
  std::uint32_t connect_timeout = 10;  ///< seconds, for each step of connecting: TCP, greeting, authentication
  /// Seconds to wait for the server's answer or to hand it a statement; 0 = no limit, since a DDL may run for hours.
  /// A dead peer is noticed anyway (TCP keep-alive, k_keepalive_* below) and interrupt() ends every wait.
  std::uint32_t read_timeout = 0;
  std::uint32_t write_timeout = 0;

  /// Parses the URL; throws std::invalid_argument that names what is wrong. A password in the URL is refused, since
  /// the process list would show it. User, host and socket may be percent-encoded; an IPv6 address stands in [].
  static TargetOptions parse(std::string_view url);
  /// "host:port" or the socket's path, for messages.
  [[nodiscard]] std::string address() const;
};

/// A silent peer is taken for dead after about idle + count * interval seconds.
inline constexpr int k_keepalive_idle_seconds = 30;
inline constexpr int k_keepalive_interval_seconds = 10;
inline constexpr int k_keepalive_count = 3;

/// An error from the target server or of the connection to it (code 2000..2999: the client library's numbers).
class TargetError : public Error {
 public:
  using Error::Error;
  /// The connection is gone; whether the last statement took effect is not known.
  [[nodiscard]] bool connection_lost() const;
  /// Worth another try without any change: deadlock, lock wait timeout, connection lost, server shutting down or not
  /// to be reached.
  [[nodiscard]] bool transient() const;
};

/// An error of ours in the place of a statement that was not run: nothing that an applier may pass over, whatever its
/// number says.
class NotRunError : public TargetError {
 public:
  using TargetError::TargetError;
};

/// Rows of a small result set; NULL is nullopt.
using Row = std::vector<std::optional<std::string>>;

/// Gives a file piece by piece: fills the buffer as far as the content goes and returns the number of bytes, 0 at the
/// end. What it throws ends the statement that reads the file.
using FileContent = std::function<std::size_t(std::span<char>)>;

/// What the server says of a LOAD DATA that it has run.
struct LoadDataCounts {
  std::uint64_t records = 0;  ///< lines read
  std::uint64_t deleted = 0;  ///< rows that gave way to others (REPLACE)
  std::uint64_t skipped = 0;  ///< lines that made no row
  std::uint64_t warnings = 0;
};

/// One session on the target, through MySQL Connector/C++. One thread at a time; interrupt() from any thread.
/// The session has autocommit on, character set utf8mb4, multi-statements on, and no automatic reconnect.
class TargetConnection {
 public:
  /// Connects. @throws TargetError; 1317 (ER_QUERY_INTERRUPTED) soon after @p stop is requested, also when the server
  /// accepts the connection and then says nothing. (The attempt itself then ends by itself within connect_timeout.)
  explicit TargetConnection(const TargetOptions& options, const std::stop_token& stop = {});
  ~TargetConnection();

  /// Runs one or more statements (';' between them) and drains all results. @return affected rows of the last one.
  /// @throws TargetError with the number of the statement that failed; those after it were not run.
  std::uint64_t execute(std::string_view sql);
  /// The rows of the first result set of @p sql; empty when it returns none. Errors as execute().
  std::vector<Row> query(std::string_view sql);
  /// Runs @p sql, one LOAD DATA LOCAL INFILE '@p file', and hands out @p content as that file. Whenever else the server
  /// asks for a file, or for another one, it gets none: no file of this machine is ever opened.
  /// @throws TargetError, also 3948 naming the setting where the server refuses LOCAL; what @p content throws, after
  /// which the transaction is to be rolled back.
  LoadDataCounts load_data(std::string_view sql, std::string_view file, const FileContent& content);
  /// Ends a call that is blocked in the network: shuts the socket down. The connection is dead afterwards. The server
  /// notices when it next reads or writes: a statement that it runs may still complete, a transaction may still
  /// commit (CheckpointStore::fence).
  void interrupt() noexcept;

  [[nodiscard]] const std::string& server_version() const;    ///< "10.11.19-MariaDB..."
  [[nodiscard]] std::uint32_t server_version_number() const;  ///< 101119 for 10.11.19
  [[nodiscard]] bool is_mariadb() const;
  [[nodiscard]] std::uint64_t connection_id() const;
  /// Bytes that one execute() may send: the server's max_allowed_packet.
  [[nodiscard]] std::uint64_t max_allowed_packet() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// `name` quoted as an identifier; 'text' as a string literal that is right under any sql_mode and client charset
/// (hexadecimal: x'..'), of bytes, or of UTF-8. Only the latter is a name for which information_schema need not go
/// through all that the server has.
std::string quote_identifier(std::string_view name);
std::string hex_literal(std::string_view text);
std::string text_literal(std::string_view text);

}  // namespace tributary::target
