#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "tributary/relay/relay_log.hpp"

#include "relay_directory.hpp"
#include "relay_file_writer.hpp"

namespace tributary::relay {

/// What RelayLog and its cursors share.
struct RelayLog::Implementation {
  /// A relay file. `end` and `bytes` of the newest file are not kept up to date: published and writer know them.
  struct FileEntry {
    RelayFileRecord record;
    std::uint64_t end = binlog::k_first_event_offset;
    std::uint64_t bytes = 0;  ///< without sparse holes
    bool begun = false;       ///< a boundary was marked in it
  };

  /// What a cursor needs to know of the file that it stands in.
  struct FileView {
    enum class Kind { readable, not_yet, purged } kind = Kind::not_yet;
    std::uint64_t limit = 0;   ///< readable: nothing at or after this offset may be read
    bool closed = false;       ///< readable: the file ends at limit, the next file has begun
    std::uint64_t number = 0;  ///< the file asked for; the first one when 0 was asked for
  };

  Implementation(RelayLogOptions log_options, RelayCatalogue& file_catalogue);

  void open();
  void begin_file(const std::string& source_file_name, const SourceIdentity& source, const std::string& gtid_before);
  void record_gtid_before(const std::string& gtid_before);
  void append(ByteView event);
  void mark_boundary(bool flush);
  void flush();
  void sync();
  void make_durable(const RelayPosition& end);
  void discard_partial_transaction();
  void purge_before(std::uint64_t file_number);
  void remove_all();
  void remove_with_lists();
  [[nodiscard]] FileView view_of(std::uint64_t file_number) const;

  RelayFileWriter& require_writer();
  /// Closes the newest file, whole: flushed, synced, cut to its last boundary.
  void finish_newest();
  void make_file(std::uint64_t file_number) const;
  void publish_written();
  /// Makes the last boundary durable and records it.
  void record_boundary();
  [[nodiscard]] std::vector<RelayFileRecord> records() const;
  // Constant after construction.
  const RelayLogOptions options;
  const RelayDirectory directory;
  RelayCatalogue& catalogue;

  /// Taken before `mutex`. Guards the set of files against a purge beside the writer, and calls of the catalogue.
  std::mutex structure_mutex;

  /// Guards what follows; held for moments only. `entries` changes only under both mutexes.
  mutable std::mutex mutex;
  std::condition_variable_any published_changed;
  std::map<std::uint64_t, FileEntry> entries;
  RelayPosition published;
  RelayPosition durable;  ///< up to here the newest file was synced, and its record says so, durably
  std::uint64_t next_number = 1;
  std::uint64_t purged_before = 0;  ///< files below were removed since the log was opened
  std::uint64_t newest_bytes = 0;   ///< of the newest file, without sparse holes

  // The writer's thread only.
  std::optional<RelayFileWriter> writer;
  bool begun = false;                    ///< the newest file has seen a boundary
  std::uint64_t newest = 0;              ///< its number
  std::uint64_t boundary = 0;            ///< the last one marked in it
  std::uint64_t record_due = 0;          ///< from here on a boundary is to be recorded in the catalogue
  std::uint64_t sparse_when_opened = 0;  ///< bytes of holes that the newest file had when the log was opened
  std::uint32_t transactions_since_sync = 0;
};

}  // namespace tributary::relay
