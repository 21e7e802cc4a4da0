#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tributary/relay/relay_log.hpp"

struct sqlite3;

namespace tributary::state {

/// Configuration of a channel: what CHANGE MASTER says. Kept across restarts.
struct ChannelRecord {
  std::string name;  ///< '' is the default channel
  std::string host;
  std::uint16_t port = 3306;
  std::string user;
  std::string password;
  std::string log_file;          ///< start coordinates, as the administrator gave them
  std::uint64_t log_pos = 4;
  std::string gtid_mode = "no";  ///< no, auto_position, slave_pos, current_pos
  std::uint32_t connect_retry = 60;
  std::uint64_t retry_count = 86400;
  double heartbeat_period = 30.0;
  std::uint64_t start_file_number = 1;  ///< relay file with which this configuration begins: ApplierOptions::start
  std::string uuid;                     ///< what we show this source as our server_uuid
  bool io_running = false;              ///< wanted state: started again with the daemon
  bool sql_running = false;
};

/// The daemon's copy of the checkpoint in the target, for status while the target is away.
struct AppliedRecord {
  relay::RelayPosition position;
  std::string source_file;
  std::uint64_t source_offset = 0;
  std::string gtid;
  std::uint32_t source_timestamp = 0;
};

/// What a source answered when it was last asked.
struct SourceAnswersRecord {
  std::string version;
  std::uint32_t server_id = 0;
  std::string server_uuid;
  std::string checksum;
};

struct AccountRecord {
  std::string user;
  std::string host;               ///< '%' or a literal address
  std::string native_hash;        ///< SHA1(SHA1(password)), 20 bytes; empty = empty password
};

/// The SQLite store "state.db" (mode 0600) in the data directory: WAL mode, synchronous=FULL. Thread safe: one
/// connection behind a mutex. Errors are tributary::Error 1105 with SQLite's text.
class Store {
 public:
  /// Opens or makes the store and runs the migrations of schema/state (embedded), each in a transaction, by number.
  /// A store of a newer version than this program knows is refused.
  explicit Store(const std::filesystem::path& file);
  ~Store();

  /// This daemon's uuid, made at first start.
  std::string daemon_uuid();

  std::vector<ChannelRecord> channels();
  void save_channel(const ChannelRecord& record);  ///< inserts or replaces by name
  void remove_channel(const std::string& name);    ///< with all that hangs on it

  std::optional<AppliedRecord> applied(const std::string& channel);
  /// Not synchronous (synchronous=NORMAL is enough: the target owns the fact).
  void save_applied(const std::string& channel, const AppliedRecord& record);
  void remove_applied(const std::string& channel);

  std::optional<SourceAnswersRecord> source_answers(const std::string& channel);
  void save_source_answers(const std::string& channel, const SourceAnswersRecord& record);

  std::vector<AccountRecord> accounts();
  void save_account(const AccountRecord& record);

  /// The relay catalogue of one channel. The store must outlive it.
  std::unique_ptr<relay::RelayCatalogue> relay_catalogue(const std::string& channel);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::state
