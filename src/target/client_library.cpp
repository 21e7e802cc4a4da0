#include "client_library.hpp"

#include <cppconn/driver.h>
#include <fcntl.h>
#include <mysql_driver.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tributary/target/target_server.hpp"

// Exported by libmariadb and not in its installed headers (libmariadb/ma_pvio.c). The callback runs after each read
// (mode 0) and write (mode 1) of any connection of the process, in the thread that reads or writes.
extern "C" int ma_pvio_register_callback(my_bool enable,
                                         void (*callback)(int mode, MYSQL* mysql, const unsigned char* buffer,
                                                          std::size_t length));

namespace tributary::target {
namespace {

/// Connector/C++ keeps the MYSQL handle, and with it the socket, to itself.
thread_local ConnectionSocket* capturing = nullptr;

void on_network_access(int /*mode*/, MYSQL* mysql, const unsigned char* /*buffer*/, std::size_t /*length*/) {
  if (capturing != nullptr && capturing->handle() == nullptr) capturing->adopt(mysql);
}

/// The library's list of callbacks and its own set-up are not guarded by a lock: done before main(), in one thread.
const bool k_library_ready =
    mysql_library_init(0, nullptr, nullptr) == 0 && ma_pvio_register_callback(1, on_network_access) == 0;

struct LibraryThread {
  explicit LibraryThread(sql::Driver& driver) : driver_(driver) { driver_.threadInit(); }
  ~LibraryThread() { driver_.threadEnd(); }
  LibraryThread(const LibraryThread&) = delete;
  LibraryThread& operator=(const LibraryThread&) = delete;
  sql::Driver& driver_;
};

void keep_alive(int descriptor) {
  const auto set = [descriptor](int level, int name, int value) {
    // A Unix socket has no such options; there the kernel itself knows when the peer is gone.
    (void)::setsockopt(descriptor, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, k_keepalive_idle_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, k_keepalive_interval_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, k_keepalive_count);
  // The same limit for what was sent and never acknowledged, when keep-alive probes are not sent.
  set(IPPROTO_TCP, TCP_USER_TIMEOUT,
      1000 * (k_keepalive_idle_seconds + k_keepalive_interval_seconds * k_keepalive_count));
}

}  // namespace

ConnectionSocket::~ConnectionSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ConnectionSocket::adopt(MYSQL* handle) {
  const std::lock_guard lock(mutex_);
  handle_ = handle;
  local_file_.install(handle);
  // Connector/C++ has no option for it. This is the first packet: what the server asks for by it, or later, is not
  // answered yet. Those named send no password in clear, whoever asks.
  mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH,
                "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519");
  descriptor_ = ::fcntl(static_cast<int>(mysql_get_socket(handle)), F_DUPFD_CLOEXEC, 0);
  if (descriptor_ < 0) return;
  keep_alive(descriptor_);
  if (shut_down_) ::shutdown(descriptor_, SHUT_RDWR);
}

MYSQL* ConnectionSocket::handle() const {
  const std::lock_guard lock(mutex_);
  return handle_;
}

void ConnectionSocket::shut_down() noexcept {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

CaptureSocket::CaptureSocket(ConnectionSocket& socket) {
  capturing = &socket;
}

CaptureSocket::~CaptureSocket() {
  capturing = nullptr;
}

sql::Driver& driver() {
  // Never destroyed: a connection attempt that was left behind (connect.cpp) may still use it while the process ends.
  // get_driver_instance() would give one that is, out of a map that is filled without a lock.
  static sql::Driver* const instance = new sql::mysql::MySQL_Driver();
  thread_local const LibraryThread library_thread(*instance);
  if (!k_library_ready) throw TargetError(2000, "the MySQL client library could not be initialised");
  return *instance;
}

}  // namespace tributary::target
