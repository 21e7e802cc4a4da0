#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/source/receiver.hpp"

#include "byte_source.hpp"
#include "login_guard.hpp"
#include "receive_error.hpp"
#include "stop_signal.hpp"

struct st_mysql;

namespace tributary::source {

/// A session on the source through libmariadb. One thread. Every call ends soon after a stop was requested, by an
/// error then. Errors are ReceiveError with the server's or the client library's number (2000 to 2999) and text.
class SourceConnection {
 public:
  /// Connects and authenticates. @p options must outlive this. @throws ReceiveError (remedy reconnect).
  SourceConnection(const SourceOptions& options, StopSignal& stop);
  ~SourceConnection();
  SourceConnection(const SourceConnection&) = delete;
  SourceConnection& operator=(const SourceConnection&) = delete;

  void execute(const std::string& sql);
  /// Rows of a small result; NULL is ''.
  std::vector<std::vector<std::string>> query(const std::string& sql);
  /// First column of the first row; nullopt when there is no row or it is NULL.
  std::optional<std::string> query_value(const std::string& sql);
  /// COM_REGISTER_SLAVE; makes us visible in SHOW SLAVE HOSTS.
  void register_replica(const SourceOptions& options);
  /// COM_BINLOG_DUMP; from then on the socket belongs to stream(). @p position must fit 32 bits.
  void request_dump(const std::string& file, std::uint32_t position, std::uint16_t flags, std::uint32_t server_id);

  /// COM_BINLOG_DUMP_GTID, likewise. @p gtid_set is what we have, in its binary form.
  void request_gtid_dump(ByteView gtid_set, std::uint16_t flags, std::uint32_t server_id);

  /// What comes after the request of a dump. The connection must outlive it.
  [[nodiscard]] std::unique_ptr<ByteSource> stream() const;

  /// 80026 is 8.0.26.
  [[nodiscard]] std::uint64_t server_version_number() const;
  /// "10.11.6-MariaDB-log"
  [[nodiscard]] std::string server_version() const;
  [[nodiscard]] bool is_mariadb() const;
  [[nodiscard]] int socket() const;

 private:
  struct Close {
    void operator()(st_mysql* handle) const;
  };
  using Handle = std::unique_ptr<st_mysql, Close>;

  Handle connect(const std::string& address, const SourceOptions& options);
  [[noreturn]] void fail() const;
  [[nodiscard]] ReceiveError error_of(st_mysql* handle, const SourceOptions& options) const;

  const SourceOptions& options_;
  StopSignal& stop_;
  LoginGuard guard_;
  Handle handle_;
  int watched_ = -1;  ///< a descriptor of ours for the socket
};

/// True for numbers of the client library: the connection is in doubt, not what was asked.
bool is_client_error(std::uint16_t code);
/// True for these and for what a server says of the connection, or of itself, while it ends: another connection may do
/// better (is_network_error() of MySQL's sql/rpl_replica.cc and MariaDB's sql/slave.cc, and what has been added since).
bool is_connection_error(std::uint16_t code);

}  // namespace tributary::source
