#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tributary/state/store.hpp"
#include "tributary/util/file.hpp"

namespace tributary::daemon {

/// The data directory, locked for this process: holds state.db, relay files, client.cnf.
class DataDirectory {
 public:
  /// Makes the directory (mode 0700) when missing and takes the lock. @throws std::runtime_error when another
  /// process holds it, naming that process; std::system_error when it cannot be made or written.
  explicit DataDirectory(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path store_path() const { return path_ / "state.db"; }
  [[nodiscard]] std::filesystem::path client_file_path() const { return path_ / "client.cnf"; }

 private:
  std::filesystem::path path_;
  File lock_;
};

/// How a client on this host reaches the admin port.
struct ClientAddress {
  std::string host;  ///< "localhost": by the socket
  std::uint16_t port = 0;
  std::string socket;
};

/// Makes the administrator account and client.cnf (mode 0600) when the store has no account; otherwise brings the
/// address in an existing client.cnf up to date. A client.cnf that was removed stays removed; an empty one is a wish
/// for a new password, which only who owns the data directory can make.
void ensure_administrator(state::Store& store, const DataDirectory& directory, const ClientAddress& address);

}  // namespace tributary::daemon
