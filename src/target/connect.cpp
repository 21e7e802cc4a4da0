#include "connect.hpp"

#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include <cppconn/driver.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/core.h>

#include "tributary/util/printable.hpp"

namespace tributary::target {
namespace {

std::string url_of(const TargetOptions& options) {
  return options.socket.empty() ? "tcp://" + options.address() : "unix://" + options.socket;
}

int seconds(std::uint32_t value) {
  return static_cast<int>(std::min<std::uint32_t>(value, std::numeric_limits<int>::max() / 1000));
}

sql::ConnectOptionsMap properties_of(const TargetOptions& options) {
  sql::ConnectOptionsMap properties;
  properties["hostName"] = sql::SQLString(url_of(options));
  properties["userName"] = sql::SQLString(options.user);
  properties["password"] = sql::SQLString(options.password);
  properties["CLIENT_MULTI_STATEMENTS"] = true;
  properties["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  properties["OPT_CONNECT_TIMEOUT"] = seconds(options.connect_timeout);
  properties["OPT_READ_TIMEOUT"] = seconds(options.read_timeout);
  properties["OPT_WRITE_TIMEOUT"] = seconds(options.write_timeout);
  // A new session would silently have lost the transaction, the settings and the fence.
  properties["OPT_RECONNECT"] = false;
  // The server may then ask for any file: what it gets is decided by LocalFiles, which opens none.
  properties["OPT_LOCAL_INFILE"] = 1;
  if (!options.ssl_ca.empty()) {
    // With sslVerify the client library also refuses a server that does not offer TLS; sslEnforce alone does not.
    properties["sslEnforce"] = true;
    properties["sslVerify"] = true;
    properties["sslCA"] = sql::SQLString(options.ssl_ca);
    if (!options.ssl_cert.empty()) properties["sslCert"] = sql::SQLString(options.ssl_cert);
    if (!options.ssl_key.empty()) properties["sslKey"] = sql::SQLString(options.ssl_key);
  }
  return properties;
}

Link open(const TargetOptions& options, std::shared_ptr<ConnectionSocket> socket) {
  Link link;
  link.socket = std::move(socket);
  try {
    {
      const CaptureSocket capture(*link.socket);
      sql::ConnectOptionsMap properties = properties_of(options);
      link.connection.reset(driver().connect(properties));
    }
    if (link.socket->handle() == nullptr) {
      throw TargetError(2000,
                        "the client library does not report its network accesses, so that a statement could not "
                        "be interrupted");
    }
    const std::unique_ptr<sql::Statement> statement(link.connection->createStatement());
    // An administrator's limit for users; MySQL applies it to this too.
    statement->execute("SET SESSION sql_big_selects = 1");
    const std::unique_ptr<sql::ResultSet> row(
        statement->executeQuery("SELECT VERSION(), CONNECTION_ID(), @@SESSION.max_allowed_packet"));
    if (!row->next()) throw TargetError(2000, "the server does not tell its version");
    link.server_version = row->getString(1);
    link.connection_id = row->getUInt64(2);
    link.max_allowed_packet = row->getUInt64(3);
  } catch (const sql::SQLException& error) {
    throw translate(error, fmt::format("cannot connect to the target {} as '{}'", options.address(), options.user));
  }
  return link;
}

/// One attempt, shared with the thread that makes it.
struct Attempt {
  std::shared_ptr<ConnectionSocket> socket = std::make_shared<ConnectionSocket>();
  std::mutex mutex;
  std::condition_variable_any finished;
  // Guarded by mutex.
  bool done = false;
  Link link;
  std::exception_ptr error;
};

void run(const std::shared_ptr<Attempt>& attempt, const TargetOptions& options) {
  Link link;
  std::exception_ptr error;
  try {
    link = open(options, attempt->socket);
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(attempt->mutex);
  attempt->link = std::move(link);
  attempt->error = error;
  attempt->done = true;
  attempt->finished.notify_all();
}

}  // namespace

Link connect(const TargetOptions& options, const std::stop_token& stop) {
  if (!stop.stop_possible()) return open(options, std::make_shared<ConnectionSocket>());

  // The client library tells its socket only after the server's first packet. Until then nothing but its own time limit
  // ends the attempt (name service, TCP, greeting), so it is made in a thread that can be left behind.
  const auto attempt = std::make_shared<Attempt>();
  std::thread thread(run, attempt, options);
  std::unique_lock lock(attempt->mutex);
  if (!attempt->finished.wait(lock, stop, [&attempt] { return attempt->done; })) {
    lock.unlock();
    attempt->socket->shut_down();
    thread.detach();
    throw TargetError(error_code::k_query_interrupted, "70100",
                      fmt::format("connecting to the target {} was interrupted", options.address()));
  }
  lock.unlock();
  thread.join();
  if (attempt->error) std::rethrow_exception(attempt->error);
  return std::move(attempt->link);
}

TargetError translate(const sql::SQLException& error, const std::string& context) {
  // Errors that Connector/C++ itself makes up have number 0.
  const int number = error.getErrorCode();
  const bool known = number > 0 && number <= std::numeric_limits<std::uint16_t>::max();
  const auto code = known ? static_cast<std::uint16_t>(number) : error_code::k_unknown_error;
  std::string state = error.getSQLState();
  if (state.size() != 5) state = "HY000";
  return {code, state,
          context.empty() ? printable(error.what()) : fmt::format("{}: {}", context, printable(error.what()))};
}

}  // namespace tributary::target
