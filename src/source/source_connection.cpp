#include "source_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <mysql.h>

// What a connection has for TLS. The headers want to be told how the library was built, and declare no `uchar`.
#define HAVE_TLS
using uchar = unsigned char;
#include <ma_pvio.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tributary/util/printable.hpp"

#include "host_resolver.hpp"
#include "receive_error.hpp"

namespace tributary::source {
namespace {

using Clock = std::chrono::steady_clock;

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

constexpr std::uint16_t k_tls_failed = 2026;             // CR_SSL_CONNECTION_ERROR
constexpr std::uint16_t k_authentication_failed = 2061;  // CR_AUTH_PLUGIN_ERR

/// Waits for what the suspended operation asked for, as bits of MYSQL_WAIT_*; @return what happened. A stop request
/// and the deadline are told as MYSQL_WAIT_TIMEOUT, with which the operation fails in good order.
int wait_for(MYSQL* handle, int wanted, const StopSignal& stop, Clock::time_point deadline) {
  const auto left =
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count());
  std::int64_t timeout = left;
  if ((wanted & MYSQL_WAIT_TIMEOUT) != 0) {
    timeout = std::min<std::int64_t>(timeout, mysql_get_timeout_value_ms(handle));
  }
  pollfd waiting[2] = {{mysql_get_socket(handle), 0, 0}, {stop.descriptor(), POLLIN, 0}};
  const auto add = [&](int bit, short event) {
    if ((wanted & bit) != 0) waiting[0].events = static_cast<short>(waiting[0].events | event);
  };
  add(MYSQL_WAIT_READ, POLLIN);
  add(MYSQL_WAIT_WRITE, POLLOUT);
  add(MYSQL_WAIT_EXCEPT, POLLPRI);
  const int ready = ::poll(waiting, 2, static_cast<int>(timeout));
  if (stop.requested() || ready == 0) return MYSQL_WAIT_TIMEOUT;
  if (ready < 0) return errno == EINTR ? 0 : MYSQL_WAIT_TIMEOUT;
  int happened = 0;
  if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0) happened |= MYSQL_WAIT_READ;
  if ((waiting[0].revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) != 0) happened |= MYSQL_WAIT_WRITE;
  if ((waiting[0].revents & POLLPRI) != 0) happened |= MYSQL_WAIT_EXCEPT;
  return happened & wanted;
}

/// Those that send no password in clear, whoever asks.
constexpr const char* k_authentication_plugins =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519";

void set_text(MYSQL* handle, mysql_option option, const std::string& value) {
  if (!value.empty()) mysql_options(handle, option, value.c_str());
}

void must_be_readable(const std::string& file, const char* option, std::uint16_t code) {
  // The library's own words do not name the file, and instead of a key that it cannot read it asks for one.
  if (file.empty() || ::access(file.c_str(), R_OK) == 0) return;
  throw ReceiveError(Remedy::reconnect, code,
                     fmt::format("{} '{}' cannot be read: {}", option, printable(file), system_error_text(errno)));
}

void set_tls(MYSQL* handle, const LinkOptions& link) {
  const my_bool tls = link.tls ? 1 : 0;
  const my_bool verify = link.tls && link.verify_server ? 1 : 0;
  // Later versions of the library use TLS where the server offers it, unless told not to.
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &tls);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  must_be_readable(link.public_key_file, "MASTER_PUBLIC_KEY_PATH", k_authentication_failed);
  set_text(handle, MYSQL_SERVER_PUBLIC_KEY, link.public_key_file);
  if (!link.tls) return;
  struct TlsFile {
    mysql_option option;
    const char* name;
    const std::string& path;
  };
  const TlsFile files[] = {{MYSQL_OPT_SSL_CA, "MASTER_SSL_CA", link.ca},
                           {MYSQL_OPT_SSL_CAPATH, "MASTER_SSL_CAPATH", link.ca_path},
                           {MYSQL_OPT_SSL_CERT, "MASTER_SSL_CERT", link.certificate},
                           {MYSQL_OPT_SSL_KEY, "MASTER_SSL_KEY", link.key},
                           {MYSQL_OPT_SSL_CRL, "MASTER_SSL_CRL", link.crl},
                           {MYSQL_OPT_SSL_CRLPATH, "MASTER_SSL_CRLPATH", link.crl_path}};
  for (const TlsFile& file : files) {
    must_be_readable(file.path, file.name, k_tls_failed);
    set_text(handle, file.option, file.path);
  }
  set_text(handle, MYSQL_OPT_SSL_CIPHER, link.cipher);
  set_text(handle, MARIADB_OPT_TLS_VERSION, link.tls_versions);
}

void set_options(MYSQL* handle, const SourceOptions& options) {
  const unsigned timeout = options.net_timeout;
  const my_bool off = 0;
  mysql_options(handle, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &timeout);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &timeout);
  mysql_options(handle, MYSQL_OPT_RECONNECT, &off);
  set_tls(handle, options.link);
  if (options.link.may_compress) mysql_options(handle, MYSQL_OPT_COMPRESS, nullptr);
  set_text(handle, MYSQL_OPT_BIND, options.link.bind_address);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // The server could otherwise ask for the password in clear, and for any file of ours.
  mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH, k_authentication_plugins);
  const unsigned no = 0;
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no);
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "tributaryd");
}

}  // namespace

bool is_client_error(std::uint16_t code) {
  return code >= 2000 && code < 3000;
}

bool is_connection_error(std::uint16_t code) {
  switch (code) {
    case 1040:  // ER_CON_COUNT_ERROR
    case 1047:  // ER_UNKNOWN_COM_ERROR: a Galera node that is not ready
    case 1053:  // ER_SERVER_SHUTDOWN
    case 1077:  // ER_NORMAL_SHUTDOWN
    case 1079:  // ER_SHUTDOWN_COMPLETE
    case 1158:  // ER_NET_READ_ERROR
    case 1159:  // ER_NET_READ_INTERRUPTED
    case 1160:  // ER_NET_ERROR_ON_WRITE
    case 1161:  // ER_NET_WRITE_INTERRUPTED
    case 1184:  // ER_NEW_ABORTING_CONNECTION
    case 1927:  // ER_CONNECTION_KILLED (MariaDB)
    case 3169:  // ER_SESSION_WAS_KILLED (MySQL)
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
      return true;
    default:
      return is_client_error(code);
  }
}

ReceiveError SourceConnection::error_of(st_mysql* handle, const SourceOptions& options) const {
  switch (guard_.finding()) {
    case LoginGuard::Finding::no_tls:
      return {Remedy::reconnect, k_tls_failed,
              "SSL connection error: MASTER_SSL is on, but the source does not offer TLS"};
    case LoginGuard::Finding::key_needed:
      // The text of MySQL's client library, libmysql/authentication_caching_sha2.
      return {
          Remedy::reconnect, k_authentication_failed,
          "Authentication plugin 'caching_sha2_password' reported error: Authentication requires secure connection. "
          "(Set MASTER_SSL=1; or MASTER_PUBLIC_KEY_PATH, the source's public key; or GET_MASTER_PUBLIC_KEY=1 where "
          "nobody else can answer in its place)"};
    case LoginGuard::Finding::endless:
      return {Remedy::reconnect, receive_code::k_malformed_packet,
              "The source's answers have no end: more than 1 MiB before the dump"};
    case LoginGuard::Finding::none:
      break;
  }
  const unsigned code = mysql_errno(handle);
  std::string text = printable(mysql_error(handle));
  if (code == k_tls_failed && text.find("Validation of SSL server certificate failed") != std::string::npos) {
    text += fmt::format(" (it is not for the host '{}')", options.host);
  }
  return {Remedy::reconnect, static_cast<std::uint16_t>(code), text};
}

void SourceConnection::Close::operator()(st_mysql* handle) const {
  mysql_close(handle);
}

SourceConnection::Handle SourceConnection::connect(const std::string& address, const SourceOptions& options) {
  Handle handle(mysql_init(nullptr));
  if (!handle) throw std::bad_alloc();
  set_options(handle.get(), options);
  guard_.begin(handle.get());
  const auto deadline = Clock::now() + std::chrono::seconds(options.net_timeout);
  MYSQL* connected = nullptr;
  int wanted = mysql_real_connect_start(&connected, handle.get(), address.c_str(), options.user.c_str(),
                                        options.password.c_str(), nullptr, options.port, nullptr, 0);
  while (wanted != 0) {
    if (const int happened = wait_for(handle.get(), wanted, stop_, deadline); happened != 0) {
      wanted = mysql_real_connect_cont(&connected, handle.get(), happened);
    }
  }
  guard_.logged_in();
  // A source's answer may have come before the guard ended the connection.
  if (connected == nullptr || guard_.finding() != LoginGuard::Finding::none) throw error_of(handle.get(), options);
  if (options.link.tls && mysql_get_ssl_cipher(handle.get()) == nullptr) {
    throw ReceiveError(Remedy::reconnect, k_tls_failed, "SSL connection error: the connection has no TLS");
  }
  if (options.link.must_compress && handle->net.compress == 0) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_no_common_compression,
                       "The source offers none of the algorithms of MASTER_COMPRESSION_ALGORITHMS");
  }
  return handle;
}

SourceConnection::SourceConnection(const SourceOptions& options, StopSignal& stop)
    : options_(options), stop_(stop), guard_(options) {
  if (!LoginGuard::works()) throw std::runtime_error("the client library does not report its network accesses");
  // mysql_init() does this by itself, but not safely from several threads at once.
  static std::once_flag initialized;
  std::call_once(initialized, [] { mysql_server_init(0, nullptr, nullptr); });
  const std::vector<std::string> addresses =
      resolve_host(options.host, stop, std::chrono::seconds(options.net_timeout));
  for (std::size_t at = 0; at < addresses.size() && !handle_; ++at) {
    try {
      handle_ = connect(addresses[at], options);
    } catch (const ReceiveError& error) {
      // Another address may do better when nobody listens at this one, not when the server answered.
      if (at + 1 == addresses.size() || !is_client_error(error.code()) || stop.requested()) throw;
    }
  }
  if (!handle_) throw ReceiveError(Remedy::reconnect, receive_code::k_server_lost, "stopped");
  // The library closes its descriptor when it meets an error, and the number may be another file's a moment later.
  watched_ = ::fcntl(socket(), F_DUPFD_CLOEXEC, 0);
  if (watched_ < 0) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_server_lost,
                       "cannot watch the connection to the source: " + system_error_text(errno));
  }
  stop_.watch_socket(watched_);
}

SourceConnection::~SourceConnection() {
  stop_.watch_socket(-1);
  // mysql_close() says COM_QUIT, which must not wait for a source that hangs.
  ::shutdown(watched_, SHUT_RDWR);
  ::close(watched_);
}

void SourceConnection::fail() const {
  throw error_of(handle_.get(), options_);
}

void SourceConnection::execute(const std::string& sql) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) fail();
  const Result result(mysql_store_result(handle_.get()));
  if (!result && mysql_errno(handle_.get()) != 0) fail();
}

std::vector<std::vector<std::string>> SourceConnection::query(const std::string& sql) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) fail();
  const Result result(mysql_store_result(handle_.get()));
  if (!result && mysql_errno(handle_.get()) != 0) fail();
  std::vector<std::vector<std::string>> rows;
  while (result) {
    const MYSQL_ROW row = mysql_fetch_row(result.get());
    if (row == nullptr) break;
    const unsigned long* const lengths = mysql_fetch_lengths(result.get());
    auto& values = rows.emplace_back();
    for (unsigned int i = 0; i < mysql_num_fields(result.get()); ++i) {
      values.emplace_back(row[i] == nullptr ? "" : std::string(row[i], lengths[i]));
    }
  }
  return rows;
}

std::optional<std::string> SourceConnection::query_value(const std::string& sql) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) fail();
  const Result result(mysql_store_result(handle_.get()));
  if (!result) {
    if (mysql_errno(handle_.get()) != 0) fail();
    return std::nullopt;
  }
  if (mysql_num_fields(result.get()) == 0) return std::nullopt;
  const MYSQL_ROW row = mysql_fetch_row(result.get());
  if (row == nullptr || row[0] == nullptr) return std::nullopt;
  return std::string(row[0], mysql_fetch_lengths(result.get())[0]);
}

void SourceConnection::register_replica(const SourceOptions& options) {
  static constexpr std::size_t k_longest_host = 60;  // HOSTNAME_LENGTH, sql/rpl_source.cc
  ByteWriter out;
  out.u32(options.server_id);
  out.lenenc_text(std::string_view(options.report_host).substr(0, k_longest_host));
  out.lenenc_text("");  // user
  out.lenenc_text("");  // password
  out.u16(options.report_port);
  out.u32(0);  // rank
  out.u32(0);  // id of our own source: unknown
  const std::string_view argument = as_text(out.view());
  if (handle_->methods->db_command(handle_.get(), COM_REGISTER_SLAVE, argument.data(), argument.size(), 0, nullptr) !=
      0) {
    fail();
  }
}

void SourceConnection::request_dump(const std::string& file, std::uint32_t position, std::uint16_t flags,
                                    std::uint32_t server_id) {
  ByteWriter out;
  out.u32(position);
  out.u16(flags);
  out.u32(server_id);
  out.text(file);
  const std::string_view argument = as_text(out.view());
  if (handle_->methods->db_command(handle_.get(), COM_BINLOG_DUMP, argument.data(), argument.size(), 1, nullptr) != 0)
    fail();
}

void SourceConnection::request_gtid_dump(ByteView gtid_set, std::uint16_t flags, std::uint32_t server_id) {
  // The client library has no name for it.
  static constexpr auto k_binlog_dump_gtid = static_cast<enum_server_command>(0x1e);
  ByteWriter out;
  out.u16(flags);
  out.u32(server_id);
  out.u32(0);  // length of the file's name: the source finds the file
  out.u64(binlog::k_first_event_offset);
  out.u32(static_cast<std::uint32_t>(gtid_set.size()));
  out.bytes(gtid_set);
  const std::string_view argument = as_text(out.view());
  if (handle_->methods->db_command(handle_.get(), k_binlog_dump_gtid, argument.data(), argument.size(), 1, nullptr) !=
      0)
    fail();
}

std::uint64_t SourceConnection::server_version_number() const {
  return mysql_get_server_version(handle_.get());
}

std::unique_ptr<ByteSource> SourceConnection::stream() const {
  const char* const cipher = mysql_get_ssl_cipher(handle_.get());
  auto bytes =
      cipher == nullptr ? make_socket_source(socket()) : make_tls_source(handle_->net.pvio->ctls->ssl, socket());
  return handle_->net.compress == 0 ? std::move(bytes) : make_decompressing_source(std::move(bytes));
}

std::string SourceConnection::server_version() const {
  return printable(mysql_get_server_info(handle_.get()), 128);
}

bool SourceConnection::is_mariadb() const {
  return mariadb_connection(handle_.get()) != 0;
}

int SourceConnection::socket() const {
  return mysql_get_socket(handle_.get());
}

}  // namespace tributary::source
