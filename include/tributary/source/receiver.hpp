#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "tributary/relay/relay_log.hpp"

namespace tributary::source {

/// What the connection to a source is like. Paths and texts: '' = not given.
struct LinkOptions {
  bool tls = false;  ///< TLS, or no connection at all
  std::string ca, ca_path, certificate, key, cipher, crl, crl_path;
  bool verify_server = false;  ///< the certificate must be trusted and be for the host
  std::string tls_versions;    ///< "TLSv1.2,TLSv1.3"
  /// caching_sha2_password and sha256_password without TLS need the source's RSA key: from this file, or asked of the
  /// source if that is allowed (whoever answers in its place would get the password).
  std::string public_key_file;
  bool may_ask_public_key = false;
  bool may_compress = false;   ///< zlib, where the source offers it
  bool must_compress = false;  ///< no connection where it does not
  std::string bind_address;    ///< address of ours to connect from
};

/// What the target has applied: GTIDs, as text, and the place in the relay log up to which it has.
struct AppliedGtids {
  relay::RelayPosition position;
  std::string gtids;
};

/// How to reach a source and how to present ourselves. Times in seconds unless said.
struct SourceOptions {
  std::string channel;
  std::string host;
  std::uint16_t port = 3306;
  std::string user;
  std::string password;
  std::uint32_t connect_retry = 60;
  std::uint64_t retry_count = 86400;  ///< connection attempts in a row; 0 = no limit
  double heartbeat_period = 30.0;     ///< 0 = none
  std::uint32_t net_timeout = 60;     ///< nothing heard for this long: the connection is taken for dead
  std::uint32_t server_id = 1;        ///< ours
  std::string server_uuid;            ///< ours; unique per channel, since a source keeps one dump per uuid
  std::string report_host;
  std::uint16_t report_port = 0;
  LinkOptions link;
  enum class GtidMode { none, mysql_auto_position, mariadb_slave_pos, mariadb_current_pos };
  GtidMode gtid_mode = GtidMode::none;
  /// Where to begin when the relay log is empty: file name ('' = the source's first file) and position.
  std::string start_file;
  std::uint64_t start_position = 4;
  /// MariaDB GTID position or MySQL GTID set to begin from when gtid_mode says so and the relay log is empty; '' =
  /// start_file and start_position, and without these the beginning of what the source still has.
  std::string start_gtid;
  /// GTIDs that the target has applied, and all that stood before, of the kind of gtid_mode; asked by the receiver's
  /// thread where the relay log may have lost what the target has: before it goes on at another server. Errors are
  /// retried. It must return soon when a stop is requested. Empty: nothing is applied.
  std::function<AppliedGtids(const std::stop_token&)> applied_gtids;
};

/// What the source told about itself; remembered so that the channel can be served while it is down.
struct SourceAnswers {
  std::string version;
  std::uint32_t server_id = 0;
  std::string server_uuid;  ///< empty for MariaDB
  std::string checksum;     ///< "CRC32" or "NONE"
  std::string time_zone;    ///< what time_zone=SYSTEM is there: parse_zone_offsets(); '' where it did not say so
  std::string variables;    ///< its global variables that change results: lines of name=value; '' likewise
};

enum class ReceiverState { stopped, connecting, running };

/// A consistent copy of the receiver's figures.
struct ReceiverStatus {
  ReceiverState state = ReceiverState::stopped;
  std::string stage;  ///< MySQL's own words: "Waiting for source to send event", "Connecting to source", ...
  std::uint16_t error_code = 0;
  std::string error_message;
  std::int64_t error_at = 0;  ///< seconds since the epoch
  std::uint64_t connect_attempts = 0;
  std::uint64_t heartbeats = 0;
  std::int64_t last_heartbeat_at_us = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::int64_t clock_difference = 0;  ///< our clock minus the source's, seconds
  std::string read_file;              ///< source file being read
  std::uint64_t read_position = 0;    ///< received position in it
  /// MariaDB: last GTID received per domain; MySQL: the set of GTIDs received and before that, '' while not known.
  std::string gtid_io_pos;
  SourceAnswers answers;
};

/// A channel's IO thread: connects, registers, dumps, stores, reconnects with back-off.
///
/// Where it goes on: at the exact byte after a lost connection, else at the log's received_end(); by file and
/// position as long as the source is the server that wrote what was received (its uuid, or its server_id on
/// MariaDB), by GTID when it is another one and gtid_mode allows it. With MariaDB's GTID a server_id is not believed:
/// the source must have, up to that file and position, just the groups that were received (BINLOG_GTID_POS()), else
/// receiving goes on by GTID. With MASTER_AUTO_POSITION (MySQL's GTIDs) every connection is told the set of what was
/// received whole, so a source that has purged transactions or lacks some of its own that we have says so (1236); a
/// transaction that was received in part is received again. A channel begun by file and position learns which GTIDs
/// stand before that place, where the source still has the file. A file and position beyond 4 GiB, which
/// COM_BINLOG_DUMP cannot say, is reached by reading the file from its start and dropping what stands before.
///
/// Retried after connect_retry seconds (at once when an established connection was lost): everything about the
/// connection, as MySQL does, also a wrong password and a source that shuts down; a full disk. Ends with an error: what
/// the source refuses for good (1236 and the like), an identity that does not fit (1593), a stream that contradicts
/// itself (1610).
class Receiver {
 public:
  /// @p log must outlive this. @p on_answers is called from run()'s thread each time a source has answered.
  Receiver(SourceOptions options, relay::RelayLog& log, std::function<void(const SourceAnswers&)> on_answers);
  ~Receiver();

  /// The thread's body: returns when @p stop is requested (within a second, also when the source hangs) or after an
  /// error that no retry mends (status().error_code tells). Never throws.
  void run(std::stop_token stop);
  /// Any thread.
  [[nodiscard]] ReceiverStatus status() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::source
