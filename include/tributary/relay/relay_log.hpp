#pragma once

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/util/file.hpp"

namespace tributary::relay {

/// A place in a channel's relay log. Offsets equal those in the source's file; file numbers are ours and only grow.
struct RelayPosition {
  std::uint64_t file_number = 0;  ///< 0: before the first file
  std::uint64_t offset = binlog::k_first_event_offset;

  auto operator<=>(const RelayPosition&) const = default;
};

/// Which server wrote a file: what the catalogue keeps beside each relay file.
struct SourceIdentity {
  std::uint32_t server_id = 0;
  std::string server_uuid;  ///< empty for MariaDB

  bool operator==(const SourceIdentity&) const = default;
};

/// One relay file as the catalogue knows it. Rebuildable from the files themselves but for the identity's uuid.
struct RelayFileRecord {
  std::uint64_t file_number = 0;
  std::string file_name;         ///< base name of the relay file, "<base>-relay-bin-<channel>.000001"
  std::string source_file_name;  ///< name of the source's binlog file that it mirrors
  SourceIdentity source;
  std::uint64_t boundary_offset = 0;  ///< a known transaction boundary: a recovery scan starts here
  std::int64_t created_at = 0;        ///< seconds since the epoch
};

/// Where records of relay files are kept (SQLite in the daemon). Called by one thread at a time per channel.
class RelayCatalogue {
 public:
  virtual ~RelayCatalogue() = default;
  virtual std::vector<RelayFileRecord> load() = 0;  ///< ascending by file_number
  virtual void save(const RelayFileRecord& record) = 0;  ///< inserts or replaces by file_number
  virtual void remove(std::uint64_t file_number) = 0;
  /// The highest file number that was ever given out, also when its file is gone.
  virtual std::uint64_t last_number() = 0;
};

struct RelayLogOptions {
  std::filesystem::path directory;
  std::string base_name;     ///< "<host>-relay-bin" or "<host>-relay-bin-<escaped channel>"
  std::string channel;       ///< for messages
  /// fdatasync at a transaction boundary after this many transactions; 0 = leave it to the operating system.
  std::uint32_t sync_every = 10000;
};

/// Where receiving goes on: coordinates in the source's terms.
struct ReceivePosition {
  std::string source_file_name;  ///< empty: nothing received yet
  std::uint64_t offset = 0;      ///< end of what is stored
  SourceIdentity source;
};

class RelayCursor;

/// One channel's relay log: the spine. One writer thread (the receiver), any number of reading cursors.
///
/// Layout: a relay file is the source's binlog file, byte for byte at the same offsets. Where the source skipped
/// bytes the hole is covered by IGNORABLE events over a sparse range. Readers see only up to published_end(), which
/// is always the end of a whole transaction (or of events outside of transactions).
///
/// Opening recovers: events of the newest file are checked from the last known boundary (length, CRC32, transaction
/// boundary) and the file is cut to the last whole transaction. The catalogue is rebuilt from the files where it is
/// missing or disagrees. The index file "<base>.index" is rewritten whenever the set of files changes.
class RelayLog {
 public:
  /// Opens and recovers. @p catalogue must outlive this. @throws Error 1594/1595, std::system_error.
  RelayLog(RelayLogOptions options, RelayCatalogue& catalogue);
  ~RelayLog();

  // --- writer side: the receiver's thread only ---

  /// Begins a new relay file that mirrors @p source_file_name. Publishes and syncs the former file first. The magic
  /// is written; the caller appends the source's FORMAT_DESCRIPTION event first.
  void begin_file(const std::string& source_file_name, const SourceIdentity& source);
  /// Appends one whole event at write_end(). Buffered; not visible to readers.
  void append(ByteView event);
  /// Covers [write_end(), offset) by IGNORABLE events over a sparse range. @p checksum and @p server_id as in the
  /// file. The gap must be at least the size of an empty event (Error 1595 otherwise).
  void cover_hole(std::uint64_t offset, binlog::ChecksumAlgorithm checksum, std::uint32_t server_id);
  /// The last appended event ended a transaction (or stands outside of one): hand everything to the operating
  /// system when @p flush or when the buffer is full, move published_end() there and wake readers; sync as
  /// options.sync_every says. Without @p flush readers may see it later, at the next flush.
  void mark_boundary(bool flush);
  /// Pushes out everything up to the last boundary and makes it visible.
  void flush();
  /// flush(), then fdatasync: what was received is durable when it returns.
  void sync();
  /// Throws away what was appended after the last boundary (after a reconnect that starts over there).
  void discard_partial_transaction();
  [[nodiscard]] std::uint64_t write_end() const;        ///< offset after the last appended event
  /// End of the last whole transaction, in the source's coordinates. Any thread.
  [[nodiscard]] ReceivePosition received_end() const;

  // --- any thread ---

  [[nodiscard]] RelayPosition published_end() const;
  /// The record of a file; nullopt when there is no such file (any more).
  [[nodiscard]] std::optional<RelayFileRecord> file(std::uint64_t file_number) const;
  [[nodiscard]] std::vector<RelayFileRecord> files() const;
  [[nodiscard]] std::filesystem::path path_of(std::uint64_t file_number) const;
  /// The newest relay file that mirrors @p source_file_name; nullopt when none does.
  [[nodiscard]] std::optional<RelayFileRecord> find_source_file(const std::string& source_file_name) const;
  /// Start of the oldest file that is kept, or of the file to come when there is none.
  [[nodiscard]] RelayPosition begin() const;
  [[nodiscard]] std::uint64_t total_bytes() const;  ///< of all relay files of the channel, without sparse holes

  /// A reader that starts at @p from, which must be a boundary. The log must outlive it.
  std::unique_ptr<RelayCursor> open_cursor(RelayPosition from);

  /// Removes files with a number below @p file_number. The newest file always stays.
  void purge_before(std::uint64_t file_number);
  /// Removes all files (RESET SLAVE). No cursor may be open. Numbers go on growing.
  void remove_all();

  /// Blocks until published_end() > @p seen, or @p stop is requested (false), or @p timeout_ms passed (false).
  bool wait_published(RelayPosition seen, std::stop_token stop, std::uint32_t timeout_ms);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// An event as a cursor returns it: borrowed from the cursor, valid until its next call.
struct RelayEvent {
  RelayPosition start;
  RelayPosition end;
  ByteView raw;
};

/// Reads one channel's events in order. Not thread safe; each reader has its own.
class RelayCursor {
 public:
  virtual ~RelayCursor() = default;
  /// The next event before published_end(), or nullopt at the end of what is published. IGNORABLE events that cover
  /// holes are not returned. Crosses from file to file by itself; the next file's first event is its
  /// FORMAT_DESCRIPTION. @throws Error 1594 naming file and offset when the log is damaged.
  virtual std::optional<RelayEvent> next() = 0;
  /// Where the next event will start.
  [[nodiscard]] virtual RelayPosition position() const = 0;
  /// The description that governs the events being read: known from the file's start even when the cursor began in
  /// mid-file.
  [[nodiscard]] virtual const binlog::FormatDescription& description() const = 0;
};

/// The file name suffix of a channel as MySQL's my_charset_filename writes it: ASCII letters, digits and '_' stay,
/// other characters become '@' and four hex digits of the code point. ("x-1" gives "x@002d1".) Upper case stays.
std::string escape_channel_name(std::string_view channel);

}  // namespace tributary::relay
