#include "server_listener.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/ip/v6_only.hpp>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tributary/util/error.hpp"

namespace tributary::admin {
namespace {

using asio::ip::tcp;

tcp::acceptor listen_on(asio::io_context& io, const tcp::endpoint& endpoint, bool both_families,
                        std::error_code& error) {
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(!both_families), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  return acceptor;
}

asio::ip::address address_named(asio::io_context& io, const std::string& name) {
  std::error_code error;
  asio::ip::address literal = asio::ip::make_address(name, error);
  if (!error) return literal;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(name, "", tcp::resolver::passive, error);
  if (error || found.empty()) {
    throw Error(error_code::k_unknown_error,
                fmt::format("cannot listen on '{}': {}; give a host name or an address of this machine", name,
                            error.message()));
  }
  return found.begin()->endpoint().address();
}

[[noreturn]] void refuse(const std::string& what, const std::error_code& error, std::string_view advice) {
  throw Error(error_code::k_unknown_error, fmt::format("cannot listen on {}: {}; {}", what, error.message(), advice));
}

}  // namespace

tcp::acceptor listen_on_tcp(asio::io_context& io, const std::string& bind_address, std::uint16_t port) {
  const bool every_address = bind_address == "*" || bind_address == "::";  // as the servers do
  std::error_code error;
  if (every_address) {
    tcp::acceptor acceptor = listen_on(io, {asio::ip::address_v6::any(), port}, true, error);
    if (!error) return acceptor;
    // A machine without IPv6.
  }
  const asio::ip::address address =
      bind_address == "*" ? asio::ip::address(asio::ip::address_v4::any()) : address_named(io, bind_address);
  tcp::acceptor acceptor = listen_on(io, {address, port}, false, error);
  if (error) {
    const bool foreign = error.value() == EADDRNOTAVAIL;
    refuse(fmt::format("{} port {}", address.to_string(), port), error,
           foreign ? "no interface of this machine has that address; give another bind-address"
                   : "is another server running there? Give another port or bind-address");
  }
  return acceptor;
}

UnixListener::UnixListener(asio::io_context& io, std::filesystem::path path, unsigned mode)
    : path_(std::move(path)), acceptor_(io) {
  const std::string what = fmt::format("unix socket '{}'", path_.string());
  std::error_code error;
  asio::local::stream_protocol::endpoint endpoint;
  try {
    endpoint.path(path_.string());
  } catch (const std::system_error& too_long) {
    refuse(what, too_long.code(), "give a shorter path (107 bytes at most)");
  }
  remove_stale_file();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (error) refuse(what, error, "is the directory there, and may this user write to it?");
  struct stat status {};
  // Nobody can connect between bind() and listen(): the mode is right before the first client.
  if (::chmod(path_.c_str(), mode) != 0 || ::stat(path_.c_str(), &status) != 0) {
    error.assign(errno, std::generic_category());
    ::unlink(path_.c_str());
    refuse(what, error, "does the file system have sockets and modes?");
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    ::unlink(path_.c_str());
    refuse(what, error, "give another path");
  }
}

void UnixListener::remove_stale_file() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  const std::string what = fmt::format("unix socket '{}'", path_.string());
  if (!S_ISSOCK(status.st_mode)) {
    refuse(what, std::make_error_code(std::errc::file_exists), "it is no socket: move it away or give another path");
  }
  std::error_code error;
  asio::local::stream_protocol::socket probe(acceptor_.get_executor());
  probe.connect(asio::local::stream_protocol::endpoint(path_.string()), error);
  if (error != asio::error::connection_refused) {
    if (!error) error = std::make_error_code(std::errc::address_in_use);
    refuse(what, error, "another server may be using it: stop that or give another path");
  }
  ::unlink(path_.c_str());
}

UnixListener::~UnixListener() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace tributary::admin
