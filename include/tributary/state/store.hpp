#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tributary/relay/relay_log.hpp"

namespace tributary::state {

/// How a source is connected to, beside its address and account: CHANGE MASTER's options of these names.
struct SourceLinkRecord {
  bool ssl = false;  ///< TLS, or no connection at all
  // Paths on the daemon's host; '' = not given.
  std::string ssl_ca, ssl_capath, ssl_cert, ssl_key;
  std::string ssl_cipher;
  std::string ssl_crl, ssl_crlpath;
  bool ssl_verify_server_cert = false;  ///< the certificate must be for the source's host, and be trusted
  std::string tls_version;              ///< "TLSv1.2,TLSv1.3"; '' = what the library allows
  std::string public_key_path;          ///< of the source's RSA key, for passwords without TLS
  bool get_public_key = false;          ///< the source may be asked for that key
  std::string compression_algorithms = "uncompressed";
  std::string bind;  ///< address of ours to connect from
};

/// Configuration of a channel: what CHANGE MASTER says. Kept across restarts.
struct ChannelRecord {
  std::string name;  ///< '' is the default channel
  std::string host;
  std::uint16_t port = 3306;
  std::string user;
  std::string password;
  std::string log_file;  ///< start coordinates, as the administrator gave them
  std::uint64_t log_pos = 4;
  std::string gtid_mode = "no";  ///< no, auto_position, slave_pos, current_pos
  std::uint32_t connect_retry = 60;
  std::uint64_t retry_count = 86400;
  double heartbeat_period = 30.0;
  std::uint64_t start_file_number = 1;  ///< relay file with which this configuration begins: ApplierOptions::start
  std::uint32_t sql_delay = 0;          ///< seconds, MASTER_DELAY
  std::string start_gtid;               ///< MariaDB GTID position or MySQL GTID set applied before that file
  std::string uuid;                     ///< what we show this source as our server_uuid
  bool io_running = false;              ///< wanted state: started again with the daemon
  bool sql_running = false;
  SourceLinkRecord link;
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
  std::string time_zone;  ///< offsets of its SYSTEM (util/zone_offsets.hpp), '' = not known
  std::string variables;  ///< global ones that change results: lines of name=value
};

struct AccountRecord {
  std::string user;
  std::string host;         ///< '%' or a literal address
  std::string native_hash;  ///< SHA1(SHA1(password)), 20 bytes; empty = empty password
};

/// The SQLite store "state.db" (mode 0600) in the data directory, WAL mode. Thread safe: one connection behind a mutex.
/// Errors are tributary::Error 1105 with the file and SQLite's text. Channel names compare without regard to the case
/// of ASCII letters. What an administrator said is durable when the call returns (synchronous=FULL); what can be had
/// again from the target or from the relay files is written without waiting for the disk (synchronous=NORMAL: a power
/// cut may lose the last of these writes, never the store's consistency).
class Store {
 public:
  /// Opens or makes the store and runs the migrations of schema/state (embedded), each in a transaction, by number.
  /// A damaged file, a file of another program, and a store of a newer version than this program knows are refused.
  explicit Store(const std::filesystem::path& file);
  ~Store();

  /// This daemon's uuid, made at first start.
  std::string daemon_uuid();

  std::vector<ChannelRecord> channels();           ///< by name
  void save_channel(const ChannelRecord& record);  ///< inserts, or replaces by name; the name stays as first written
  /// With all that hangs on it, but for the relay numbering: file numbers go on growing when the channel comes back.
  void remove_channel(const std::string& name);

  std::optional<AppliedRecord> applied(const std::string& channel);
  /// Not synchronous: the target owns the fact. Does nothing when there is no such channel (any more).
  void save_applied(const std::string& channel, const AppliedRecord& record);
  void remove_applied(const std::string& channel);

  std::optional<SourceAnswersRecord> source_answers(const std::string& channel);
  /// Not synchronous: asked again at the next connect. Does nothing when there is no such channel (any more).
  void save_source_answers(const std::string& channel, const SourceAnswersRecord& record);

  /// Settings by name: the global ones, or a channel's own. A value that is not given is removed.
  std::map<std::string, std::string> global_settings();
  std::map<std::string, std::string> channel_settings(const std::string& channel);
  void save_global_setting(const std::string& name, const std::optional<std::string>& value);
  /// @throws Error when there is no such channel.
  void save_channel_setting(const std::string& channel, const std::string& name,
                            const std::optional<std::string>& value);

  std::string skipped_gtids();  ///< a MySQL GTID set
  void save_skipped_gtids(const std::string& gtids);

  std::vector<AccountRecord> accounts();  ///< by user and host
  void save_account(const AccountRecord& record);

  /// The relay catalogue of one channel, which must be in the store when a file is saved. The store must outlive it.
  /// Thread safe. A new file number is durable when save() returns; the rest can be rebuilt and is not synchronous.
  std::unique_ptr<relay::RelayCatalogue> relay_catalogue(const std::string& channel);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::state
