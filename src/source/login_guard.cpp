#include "login_guard.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <mysql.h>
#include <sys/socket.h>

#include "tributary/util/bytes.hpp"

// Exported by libmariadb and not in its installed headers (libmariadb/ma_pvio.c). The callback runs after each read
// (mode 0) and write (mode 1) of any connection of the process, in the thread that reads or writes; with TLS it sees
// the clear text.
extern "C" int ma_pvio_register_callback(my_bool enable,
                                         void (*callback)(int mode, MYSQL* mysql, const unsigned char* buffer,
                                                          std::size_t length));

namespace tributary::source {
namespace {

/// What a source may say before the dump: the answers to a replica's questions take some kilobytes, and the client
/// library keeps in memory whatever comes.
constexpr std::size_t k_longest_talk = std::size_t{1} << 20;

constexpr std::size_t k_packet_header = 4;
constexpr std::uint64_t k_client_ssl = 0x800;

/// The guard of this thread's connection.
thread_local LoginGuard* this_threads = nullptr;

std::uint64_t payload_length(const unsigned char* packet) {
  return load_little_endian(packet, 3);
}

/// The packet that asks for TLS: the first 32 bytes of the login, with CLIENT_SSL set.
bool is_tls_request(const unsigned char* packet, std::size_t length) {
  static constexpr std::size_t k_request = 32;
  return length == k_packet_header + k_request && payload_length(packet) == k_request &&
         (load_little_endian(packet + k_packet_header, 4) & k_client_ssl) != 0;
}

/// What must be seen of a greeting: beside the version, of which no server's is that long, some ten bytes.
constexpr std::size_t k_longest_greeting = 512;

/// True when @p greeting, the source's first packet as far as it was read, tells its capabilities and CLIENT_SSL is not
/// among them: protocol 10, version, 0, connection id (4), scramble (8), 0, capabilities.
bool offers_no_tls(std::string_view greeting) {
  static constexpr char k_protocol = 10;
  static constexpr std::size_t k_behind_version = 1 + 4 + 8 + 1;
  if (greeting.size() <= k_packet_header || greeting[k_packet_header] != k_protocol) return false;
  const std::size_t version_end = greeting.find('\0', k_packet_header);
  if (version_end == std::string_view::npos || greeting.size() < version_end + k_behind_version + 2) return false;
  const auto* const capabilities =
      reinterpret_cast<const std::uint8_t*>(greeting.data()) + version_end + k_behind_version;
  return (load_little_endian(capabilities, 2) & k_client_ssl) == 0;
}

/// One byte that asks for the RSA key: 2 in caching_sha2_password, 1 in sha256_password.
bool is_key_request(const unsigned char* packet, std::size_t length) {
  return length == k_packet_header + 1 && payload_length(packet) == 1 && packet[3] != 0 &&
         (packet[k_packet_header] == 1 || packet[k_packet_header] == 2);
}

}  // namespace

/// The library's list of callbacks is not guarded by a lock: done before main(), in one thread.
const bool LoginGuard::k_works = ma_pvio_register_callback(1, LoginGuard::on_network_access) == 0;

bool LoginGuard::works() {
  return k_works;
}

LoginGuard::LoginGuard(const SourceOptions& options)
    : host_(options.host),
      tls_(options.link.tls),
      verify_server_(options.link.verify_server),
      may_ask_key_(options.link.may_ask_public_key) {
  this_threads = this;
}

LoginGuard::~LoginGuard() {
  this_threads = nullptr;
}

void LoginGuard::begin(st_mysql* handle) {
  handle_ = handle;
  logging_in_ = true;
  first_write_ = true;
  greeting_.clear();
  may_read_ = k_longest_talk;
  finding_ = Finding::none;
}

void LoginGuard::logged_in() {
  logging_in_ = false;
}

void LoginGuard::tell_host(st_mysql* handle) const {
  // The library's own copy, which it frees with the handle (libmariadb/mariadb_lib.c), and compares with the
  // certificate (secure/openssl.c, ma_tls_verify_server_cert).
  char* const host = ::strdup(host_.c_str());
  if (host == nullptr) return;  // the address stays, for which the certificate is not
  std::free(handle->host);      // NOLINT(cppcoreguidelines-no-malloc)
  handle->host = host;
}

void LoginGuard::on_network_access(int mode, st_mysql* handle, const unsigned char* buffer, std::size_t length) {
  static constexpr int k_read = 0;
  LoginGuard* const guard = this_threads;
  if (guard == nullptr || handle != guard->handle_ || length > PTRDIFF_MAX) return;  // PTRDIFF_MAX: it has failed
  if (mode == k_read) {
    guard->on_read(handle, buffer, length);
  } else if (guard->logging_in_ && length > k_packet_header) {
    guard->on_write(handle, buffer, length);
  }
}

void LoginGuard::on_read(st_mysql* handle, const unsigned char* buffer, std::size_t length) {
  if (tls_ && logging_in_ && first_write_ && greeting_.size() < k_longest_greeting) {
    greeting_.append(reinterpret_cast<const char*>(buffer), std::min(length, k_longest_greeting - greeting_.size()));
    if (offers_no_tls(greeting_)) end(handle, Finding::no_tls);
  }
  if (may_read_ == 0) return;
  may_read_ -= std::min(may_read_, length);
  if (may_read_ == 0) end(handle, Finding::endless);
}

void LoginGuard::on_write(st_mysql* handle, const unsigned char* buffer, std::size_t length) {
  if (first_write_ && tls_) {
    if (!is_tls_request(buffer, length)) end(handle, Finding::no_tls);
    if (verify_server_) tell_host(handle);
  }
  first_write_ = false;
  if (!tls_ && !may_ask_key_ && is_key_request(buffer, length)) end(handle, Finding::key_needed);
}

void LoginGuard::end(st_mysql* handle, Finding finding) {
  finding_ = finding;
  ::shutdown(mysql_get_socket(handle), SHUT_RDWR);
}

}  // namespace tributary::source
