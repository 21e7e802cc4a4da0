#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/util/error.hpp"

namespace tributary::target {

/// Where changes are applied. From --target mysql://user@host:port or mysql://user@localhost?socket=/path.
struct TargetOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string socket;  ///< used instead of host and port when not empty
  std::string user;
  std::string password;
  std::uint32_t connect_timeout = 10;  ///< seconds

  /// Parses the URL; throws std::invalid_argument that names what is wrong. A password in the URL is refused, since
  /// the process list would show it.
  static TargetOptions parse(std::string_view url);
};

/// An error from the target server or of the connection to it (code 2000..2999: the client library's numbers).
class TargetError : public Error {
 public:
  using Error::Error;
  /// The connection is gone; whether the last statement took effect is not known.
  [[nodiscard]] bool connection_lost() const;
  /// Worth another try without any change: deadlock, lock wait timeout, connection lost, server shutting down.
  [[nodiscard]] bool transient() const;
};

/// Rows of a small result set; NULL is nullopt.
using Row = std::vector<std::optional<std::string>>;

/// One session on the target, through MySQL Connector/C++. One thread at a time; interrupt() from any thread.
class TargetConnection {
 public:
  explicit TargetConnection(const TargetOptions& options);  ///< connects; throws TargetError
  ~TargetConnection();

  /// Runs one or more statements (';' between them) and drains all results. @return affected rows of the last one.
  /// @throws TargetError with the number of the statement that failed; those after it were not run.
  std::uint64_t execute(std::string_view sql);
  std::vector<Row> query(std::string_view sql);
  /// Ends a call that is blocked in the network: shuts the socket down. The connection is dead afterwards.
  void interrupt();

  [[nodiscard]] const std::string& server_version() const;  ///< "10.11.19-MariaDB..."
  [[nodiscard]] bool is_mariadb() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// `name` quoted as an identifier; 'text' as a string literal that is right under any sql_mode and client charset
/// (hexadecimal: x'..').
std::string quote_identifier(std::string_view name);
std::string hex_literal(std::string_view text);

}  // namespace tributary::target
