#include "test_server.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <mysql.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tributary::test {
namespace {

constexpr auto k_start_limit = std::chrono::seconds(60);
constexpr auto k_recursive = std::filesystem::copy_options::recursive;
const std::vector<std::string> k_server_programs{"mariadbd", "mysqld"};

std::string find_program(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/usr/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    for (const std::string& name : names) {
      std::string candidate = fmt::format("{}/{}", directory, name);
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
  }
  throw std::runtime_error(fmt::format("{} not found: tests need the package mariadb-server", names.front()));
}

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      listener >= 0 && ::bind(listener, generic, length) == 0 && ::getsockname(listener, generic, &length) == 0;
  if (listener >= 0) ::close(listener);
  if (!bound) throw std::runtime_error("no free port on loopback");
  return ntohs(address.sin_port);
}

/// Starts a program with its output in @p log; it is killed when this thread ends.
pid_t spawn_program(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  if (output >= 0) ::close(output);
  if (child < 0) throw std::runtime_error(fmt::format("cannot start {}", command.front()));
  return child;
}

std::string tail_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  constexpr std::size_t k_tail = 4000;
  return text.size() <= k_tail ? text : text.substr(text.size() - k_tail);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// A data directory as mariadb-install-db makes it. Made once for an installed server and kept below build/, since it
/// takes longer than many a test.
std::filesystem::path template_datadir() {
  const std::filesystem::path program = find_program(k_server_programs);
  const auto changed = std::filesystem::last_write_time(program).time_since_epoch().count();
  const std::filesystem::path cache = TRIBUTARY_TEST_SERVERS;
  std::filesystem::path wanted = cache / fmt::format("unit-{}-{}", changed, std::filesystem::file_size(program));
  if (std::filesystem::exists(wanted)) return wanted;

  const TemporaryDirectory scratch;
  std::filesystem::create_directories(cache);
  const std::filesystem::path made = cache / scratch.path().filename();
  // Another server that starts takes temporary files of this one for its own leftovers.
  std::vector<std::string> command{find_program({"env"}),
                                   "TMPDIR=" + scratch.path().string(),
                                   find_program({"mariadb-install-db", "mysql_install_db"}),
                                   "--no-defaults",
                                   "--datadir=" + made.string(),
                                   "--auth-root-authentication-method=normal",
                                   "--skip-test-db",
                                   "--skip-name-resolve",
                                   "--innodb-log-file-size=8M"};
  if (::geteuid() == 0) command.emplace_back("--user=root");
  const std::filesystem::path log = scratch.path() / "install.log";
  const int status = wait_for(spawn_program(command, log));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("mariadb-install-db failed:\n" + tail_of(log));
  }
  std::error_code taken;
  std::filesystem::rename(made, wanted, taken);
  if (taken) std::filesystem::remove_all(made);  // another test program was faster
  return wanted;
}

/// Whether all threads of @p process are stopped: some run on for a moment after SIGSTOP.
bool is_stopped(pid_t process) {
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::ifstream stream(thread.path() / "stat");
    const std::string stat{std::istreambuf_iterator<char>(stream), {}};
    const std::size_t name_end = stat.rfind(") ");  // "4711 (mariadbd) T ..."
    if (name_end == std::string::npos || stat[name_end + 2] != 'T') return false;
  }
  return true;
}

struct CloseConnection {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
using Connection = std::unique_ptr<MYSQL, CloseConnection>;

Connection connect(const std::string& socket) {
  Connection connection(mysql_init(nullptr));
  if (mysql_real_connect(connection.get(), nullptr, "root", "", nullptr, 0, socket.c_str(), CLIENT_MULTI_STATEMENTS) ==
      nullptr) {
    throw std::runtime_error(fmt::format("cannot connect to {}: {}", socket, mysql_error(connection.get())));
  }
  mysql_set_character_set(connection.get(), "utf8mb4");
  return connection;
}

std::vector<TestServer::Row> read_rows(MYSQL_RES* result) {
  std::vector<TestServer::Row> rows;
  const unsigned columns = mysql_num_fields(result);
  while (MYSQL_ROW values = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    TestServer::Row& row = rows.emplace_back(columns);
    for (unsigned column = 0; column < columns; ++column) {
      if (values[column] != nullptr) row[column].emplace(values[column], lengths[column]);
    }
  }
  return rows;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tributary-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestServer::TestServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  install();
  start();
}

TestServer::~TestServer() {
  if (pid_ <= 0) return;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    // Tests failed for this, and cannot tell why.
    std::cerr << fmt::format("the server of this test ended by itself, with status {:#x}:\n{}\n", status,
                             error_log_tail());
    pid_ = -1;
    return;
  }
  kill();
}

void TestServer::install() const {
  std::filesystem::copy(template_datadir(), datadir(), k_recursive);
}

void TestServer::spawn() {
  std::vector<std::string> command{find_program(k_server_programs), "--no-defaults", "--datadir=" + datadir().string(),
                                   "--socket=" + socket(), fmt::format("--port={}", port_), "--bind-address=" + host_,
                                   "--skip-networking=0", "--skip-name-resolve",
                                   "--pid-file=" + (directory_.path() / "server.pid").string(),
                                   // Commits survive SIGKILL of the server, which is all that tests do to it.
                                   "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-log-file-size=8M",
                                   "--innodb-buffer-pool-size=32M", "--performance-schema=OFF", "--key-buffer-size=1M",
                                   "--aria-pagecache-buffer-size=8M", "--max-connections=300"};
  if (::geteuid() == 0) command.emplace_back("--user=root");
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  pid_ = spawn_program(command, directory_.path() / "error.log");
}

void TestServer::start() {
  if (pid_ > 0) throw std::logic_error("the server runs already");
  const bool first = port_ == 0;
  // Between free_port() and the server's bind() another program may take the port: then another one is tried.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (first) port_ = free_port();
    spawn();
    if (wait_until_it_answers()) return;
  }
  throw std::runtime_error("the server does not start:\n" + error_log_tail());
}

/// False when the server has ended.
bool TestServer::wait_until_it_answers() {
  const auto limit = std::chrono::steady_clock::now() + k_start_limit;
  while (std::chrono::steady_clock::now() < limit) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    const Connection probe(mysql_init(nullptr));
    if (mysql_real_connect(probe.get(), nullptr, "root", "", nullptr, 0, socket().c_str(), 0) != nullptr) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("the server does not answer:\n" + error_log_tail());
}

int TestServer::wait_for_end() {
  const int status = wait_for(pid_);
  pid_ = -1;
  return status;
}

void TestServer::kill() {
  if (pid_ <= 0) throw std::logic_error("the server does not run");
  ::kill(pid_, SIGKILL);
  wait_for_end();
}

void TestServer::stop() {
  if (pid_ <= 0) throw std::logic_error("the server does not run");
  ::kill(pid_, SIGTERM);
  const int status = wait_for_end();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("the server did not stop cleanly:\n" + error_log_tail());
  }
}

void TestServer::freeze() {
  ::kill(pid_, SIGSTOP);
  while (!is_stopped(pid_)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void TestServer::thaw() {
  ::kill(pid_, SIGCONT);
}

std::vector<TestServer::Row> TestServer::run(std::string_view sql) const {
  const Connection connection = connect(socket());
  std::vector<Row> rows;
  int status = mysql_real_query(connection.get(), sql.data(), sql.size());
  while (status == 0) {
    if (MYSQL_RES* result = mysql_store_result(connection.get())) {
      rows = read_rows(result);
      mysql_free_result(result);
    }
    status = mysql_next_result(connection.get());
  }
  if (status > 0) throw std::runtime_error(fmt::format("{}: {}", sql, mysql_error(connection.get())));
  return rows;
}

std::string TestServer::value(std::string_view sql) const {
  const std::vector<Row> rows = run(sql);
  if (rows.empty() || rows.front().empty()) throw std::runtime_error(fmt::format("{}: no rows", sql));
  return rows.front().front().value_or("NULL");
}

std::string TestServer::error_log_tail() const {
  return tail_of(directory_.path() / "error.log");
}

}  // namespace tributary::test
