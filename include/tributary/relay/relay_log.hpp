#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/error.hpp"

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

/// True when @p a and @p b name the same server: by uuid where both have one, else by server_id.
bool same_server(const SourceIdentity& a, const SourceIdentity& b);

/// One relay file as the catalogue knows it. Rebuildable from the files themselves but for the identity's uuid.
struct RelayFileRecord {
  std::uint64_t file_number = 0;
  std::string file_name;         ///< base name of the relay file, "<base>-relay-bin-<channel>.000001"
  std::string source_file_name;  ///< name of the source's binlog file that it mirrors
  SourceIdentity source;
  /// A transaction boundary up to which the file is durable: a recovery scan starts here. 0: nothing in the file
  /// counts as received yet (its first mark_boundary() has not happened).
  std::uint64_t boundary_offset = 0;
  std::int64_t created_at = 0;  ///< seconds since the epoch
  /// The GTIDs of what stood before the file, none of its own, as text; '' where they are not known. MySQL's PREVIOUS_
  /// GTIDS may tell more. Kept in ".sources" alone: a catalogue need not hold it.
  std::string gtid_before;
};

/// Where records of relay files are kept (SQLite in the daemon). Called by one thread at a time per channel.
class RelayCatalogue {
 public:
  virtual ~RelayCatalogue() = default;
  virtual std::vector<RelayFileRecord> load() = 0;       ///< ascending by file_number
  virtual void save(const RelayFileRecord& record) = 0;  ///< inserts or replaces by file_number
  /// The same, and it outlives a loss of power.
  virtual void save_durably(const RelayFileRecord& record) = 0;
  virtual void remove(std::uint64_t file_number) = 0;
  /// The highest file number that was ever given out, also when its file is gone.
  virtual std::uint64_t last_number() = 0;
};

struct RelayLogOptions {
  std::filesystem::path directory;
  std::string base_name;  ///< "<host>-relay-bin" or "<host>-relay-bin-<escaped channel>"
  std::string channel;    ///< for messages
  /// fdatasync at a transaction boundary after this many transactions; 0 = leave it to the operating system. Beside
  /// that a file is synced every RelayLog::k_boundary_step bytes and when it is closed.
  std::uint32_t sync_every = 10000;
  /// Files with lower numbers belong to a configuration that was given up (a crash came before remove_all() was
  /// through): they are removed when the log is opened.
  std::uint64_t first_file_number = 1;
};

/// Where receiving goes on: coordinates in the source's terms.
struct ReceivePosition {
  std::string source_file_name;  ///< empty: nothing received yet
  std::uint64_t offset = 0;      ///< end of what is stored
  SourceIdentity source;
};

/// Error 1595: something could not be written. Nothing that was published is affected, and what is buffered stays
/// buffered: flush() may be tried again.
class WriteError : public Error {
 public:
  WriteError(const std::string& message, bool may_pass)
      : Error(error_code::k_write_relay_log, message), may_pass_(may_pass) {}
  /// True where waiting may help (disk full, quota, catalogue not writable); false for a failing device.
  [[nodiscard]] bool may_pass() const noexcept { return may_pass_; }

 private:
  bool may_pass_;
};

class RelayCursor;

/// One channel's relay log: the spine. One writer thread (the receiver), any number of reading cursors.
///
/// Layout: a relay file is the source's binlog file, byte for byte at the same offsets. Where the source skipped
/// bytes the hole is covered by IGNORABLE events over a sparse range. Readers see only up to published_end(), which
/// is always the end of a whole transaction (or of events outside of transactions).
///
/// Files in the directory, all of mode 0600:
///   <base>.000001   relay files, numbered without gaps; numbers only grow (six digits or more);
///   <base>.index    "./<relay file>" per line, as MySQL writes it;
///   <base>.sources  per relay file one line: file name, source's file name, source's server_id, its uuid, the GTID
///                   position before the file, separated by tabs. From it the catalogue is rebuilt, since a binlog file
///                   does not hold its own name. Then "# boot " and the boot id of the system.
/// The latter two are replaced atomically whenever the set of files changes. A new file is first recorded in the
/// catalogue, then in ".sources", then made; a file to be purged is unlinked first and then forgotten.
///
/// A new file counts for nothing until its first mark_boundary(), which makes it durable and records boundary_offset:
/// where a crash came earlier, receiving goes on from the end of the file before it, and the empty file is used
/// again by the next begin_file(). So a start in mid-file or by GTID may append a preamble and a hole in any number
/// of steps and mark the boundary when resuming by file and position has become right.
///
/// Opening recovers: events of the newest file are checked from the recorded boundary on (length, CRC32, transaction
/// boundary) and the file is cut to the last whole transaction. After a restart of the system what is not on record of
/// a file without checksums is not believed: nothing tells whether all of it came to the device. Boundaries are
/// recorded each k_boundary_step bytes, before they are published; after a loss of power an older one may be on record,
/// and more is read. The catalogue is completed from the files.
class RelayLog {
 public:
  /// A boundary is recorded after so many bytes: from there on a log is scanned when it is opened.
  static constexpr std::uint64_t k_boundary_step = std::uint64_t{16} << 20;

  /// The highest number that a file of the log has, or had: also of one that cannot be opened.
  static std::uint64_t last_number(const RelayLogOptions& options, RelayCatalogue& catalogue);
  /// What ".sources" says of the files, also of those that cannot be opened; ascending by number.
  static std::vector<RelayFileRecord> recorded_files(const RelayLogOptions& options);

  /// Opens and recovers. @p catalogue must outlive this. @throws Error 1594/1595, std::system_error.
  RelayLog(RelayLogOptions options, RelayCatalogue& catalogue);
  ~RelayLog();

  // --- writer side: the receiver's thread only; all throw WriteError ---

  /// Begins a new relay file that mirrors @p source_file_name. Publishes and syncs the former file first; a partial
  /// transaction at its end is cut off, since a source that goes on in a new file has given it up. A former file that
  /// never saw a boundary is emptied and used again. The magic is written; the caller appends the source's
  /// FORMAT_DESCRIPTION event first.
  void begin_file(const std::string& source_file_name, const SourceIdentity& source,
                  const std::string& gtid_before = {});
  /// Replaces what begin_file() was told of the newest file. Durable when it returns.
  void record_gtid_before(const std::string& gtid_before);
  /// Appends one whole event at write_end(). Buffered; not visible to readers.
  void append(ByteView event);
  /// Covers [write_end(), offset) by IGNORABLE events over a sparse range. @p checksum and @p server_id as in the
  /// file. @throws Error 1595 when the gap is smaller than an empty event.
  void cover_hole(std::uint64_t offset, binlog::ChecksumAlgorithm checksum, std::uint32_t server_id);
  /// The last appended event ended a transaction (or stands outside of one): hand everything to the operating
  /// system when @p flush or when the buffer is full, move published_end() there and wake readers; sync as
  /// options.sync_every says. Without @p flush readers may see it later, at the next flush. The first boundary of a
  /// file is flushed, synced and recorded at once.
  void mark_boundary(bool flush);
  /// Pushes out everything up to the last boundary and makes it visible.
  void flush();
  /// flush(), then fdatasync: what was received is durable when it returns.
  void sync();
  /// Throws away what was appended after the last boundary (after a reconnect that starts over there). In a file
  /// without a boundary that is all but the magic.
  void discard_partial_transaction();
  /// Throws away what was appended at and after @p offset, which is the end of an event after the last boundary.
  void cut(std::uint64_t offset);
  [[nodiscard]] std::uint64_t write_end() const;  ///< offset after the last appended event; 0 without a file
  /// published_end() in the source's coordinates. Any thread. After flush() that is the last boundary.
  [[nodiscard]] ReceivePosition received_end() const;

  // --- any thread ---

  /// {0, 4} while nothing was received.
  [[nodiscard]] RelayPosition published_end() const;
  /// The record of a file; nullopt when there is no such file (any more).
  [[nodiscard]] std::optional<RelayFileRecord> file(std::uint64_t file_number) const;
  [[nodiscard]] std::vector<RelayFileRecord> files() const;
  /// Where a file ends after which another one was received from; nullopt for the newest one and those that are gone.
  [[nodiscard]] std::optional<std::uint64_t> closed_end(std::uint64_t file_number) const;
  [[nodiscard]] std::filesystem::path path_of(std::uint64_t file_number) const;
  /// The newest relay file that mirrors @p source_file_name; nullopt when none does.
  [[nodiscard]] std::optional<RelayFileRecord> find_source_file(const std::string& source_file_name) const;
  /// Start of the oldest file that is kept, or of the file to come when there is none.
  [[nodiscard]] RelayPosition begin() const;
  [[nodiscard]] std::uint64_t total_bytes() const;  ///< of all relay files of the channel, without sparse holes

  /// What is published up to @p end, at least, is durable when it returns, and on record: for what points into the log
  /// from elsewhere. @throws std::system_error when the device fails, Error when the catalogue does.
  void make_durable(RelayPosition end);

  /// A reader that starts at @p from, which must be a boundary; file number 0 stands for begin(). A place that is not
  /// there yet is waited for; one that was purged is an Error 1594 from next(). The log must outlive the cursor.
  std::unique_ptr<RelayCursor> open_cursor(RelayPosition from);

  /// Removes files with a number below @p file_number. The file that holds published_end() always stays. A cursor
  /// that has such a file open may read it to its end. Failures are logged, not thrown.
  void purge_before(std::uint64_t file_number);
  /// Removes all files (RESET SLAVE). No cursor may be open. Numbers go on growing.
  void remove_all();
  /// remove_all(), and the two lists with them: the channel itself goes. The log is of no use afterwards.
  void remove_with_lists();

  /// Blocks until published_end() > @p seen, or @p stop is requested (false), or @p timeout_ms passed (false).
  bool wait_published(RelayPosition seen, std::stop_token stop, std::uint32_t timeout_ms);

  struct Implementation;

 private:
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
