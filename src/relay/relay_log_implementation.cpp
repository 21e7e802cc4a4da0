#include "relay_log_implementation.hpp"

#include <algorithm>
#include <exception>
#include <system_error>

#include <fmt/core.h>
#include <sys/stat.h>

#include "tributary/util/crash_point.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/time.hpp"

#include "relay_recovery.hpp"

namespace tributary::relay {
namespace {

/// Bytes that a file takes on the device, at most its size.
std::uint64_t bytes_on_device(const std::filesystem::path& path) {
  static constexpr std::uint64_t k_block = 512;  // the unit of st_blocks
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return std::min(static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_blocks) * k_block);
}

/// Runs what touches lists, directory or catalogue for the writer; failures become WriteError.
template <typename Operation>
void guarded(const std::string& channel, const char* what, Operation operation) {
  try {
    operation();
  } catch (const WriteError&) {
    throw;
  } catch (const std::exception& error) {
    throw WriteError(fmt::format("Relay log write failure: channel '{}': {}: {}", channel, what, error.what()), true);
  }
}

}  // namespace

RelayLog::Implementation::Implementation(RelayLogOptions log_options, RelayCatalogue& file_catalogue)
    : options(std::move(log_options)), directory(options.directory, options.base_name), catalogue(file_catalogue) {
  open();
}

void RelayLog::Implementation::open() {
  std::map<std::uint64_t, RelayFileRecord> found = reconcile(directory, catalogue, options);
  const bool other_boot = directory.is_of_another_boot();
  for (auto& [number, record] : found) {
    FileEntry entry;
    const std::filesystem::path path = directory.path_of(number);
    const bool is_newest = number == found.rbegin()->first;
    if (std::filesystem::exists(path)) {
      const File file(path, File::Mode::read);
      entry.end = is_newest ? recovered_end(record, file, other_boot, options.channel) : file.size();
    }
    entry.begun = entry.end > binlog::k_first_event_offset;
    if (!is_newest && !entry.begun) entry.end = binlog::k_first_event_offset;
    entry.bytes = bytes_on_device(path);
    entry.record = std::move(record);
    entries[number] = std::move(entry);
  }
  next_number = std::max(catalogue.last_number() + 1, options.first_file_number);
  if (!entries.empty()) {
    auto& [number, entry] = *entries.rbegin();
    newest = number;
    begun = entry.begun;
    boundary = entry.end;
    next_number = number + 1;
    if (!begun) make_file(number);
    writer.emplace(directory.path_of(number), options.channel, boundary);
    newest_bytes = std::min(boundary, entry.bytes);
    sparse_when_opened = boundary - newest_bytes;
    if (begun) {
      // What was cut off must not come back, and what was found must not be less after the next crash.
      published = {number, boundary};
      record_due = boundary + k_boundary_step;
      if (entry.record.boundary_offset != boundary) record_boundary();
    } else {
      if (entry.record.boundary_offset != 0) {
        entry.record.boundary_offset = 0;
        catalogue.save(entry.record);
      }
      if (entries.size() > 1) {
        const auto before = std::prev(entries.end(), 2);
        published = {before->first, before->second.end};
      }
    }
  }
  directory.write_lists(records());
}

RelayFileWriter& RelayLog::Implementation::require_writer() {
  if (!writer) {
    throw WriteError(
        fmt::format("Relay log write failure: channel '{}': no relay file has been begun", options.channel), false);
  }
  return *writer;
}

std::vector<RelayFileRecord> RelayLog::Implementation::records() const {
  std::vector<RelayFileRecord> all;
  all.reserve(entries.size());
  for (const auto& [number, entry] : entries) all.push_back(entry.record);
  return all;
}

void RelayLog::Implementation::make_file(std::uint64_t file_number) const {
  const std::filesystem::path path = directory.path_of(file_number);
  File file(path, File::Mode::create);
  file.truncate(0);
  file.write_at(0, ByteView(binlog::k_file_magic));
  sync_directory(directory.path());  // the content need not be durable before the first boundary is
}

void RelayLog::Implementation::finish_newest() {
  if (!writer || !begun) return;
  if (writer->end() != boundary) {
    log(LogLevel::warning,
        "channel '{}': the source went on in another file inside a transaction; {} bytes of it are cut "
        "off the end of {}",
        options.channel, writer->end() - boundary, directory.file_name(newest));
    writer->cut(boundary);
  }
  writer->finish();
  writer->sync();
  publish_written();
  const std::lock_guard lock(mutex);
  FileEntry& entry = entries.at(newest);
  entry.end = boundary;
  entry.bytes = newest_bytes;
}

void RelayLog::Implementation::begin_file(const std::string& source_file_name, const SourceIdentity& source,
                                          const std::string& gtid_before) {
  const std::lock_guard structure(structure_mutex);
  finish_newest();
  const bool again = writer && !begun;
  RelayFileRecord record;
  record.file_number = again ? newest : next_number;
  record.file_name = directory.file_name(record.file_number);
  record.source_file_name = source_file_name;
  record.source = source;
  record.created_at = unix_seconds();
  record.gtid_before = gtid_before;
  std::optional<RelayFileWriter> next;
  guarded(options.channel, "beginning a relay file", [&] {
    std::vector<RelayFileRecord> listed = records();
    if (again) listed.pop_back();
    const std::vector<RelayFileRecord> before = listed;
    listed.push_back(record);
    catalogue.save(record);
    try {
      directory.write_sources(listed);
      crash_point("relay.rotate");
      make_file(record.file_number);
      directory.write_index(listed);
      crash_point("relay.rotated");
      // Before anything that tells of the former file changes: it is the newest one as long as this fails.
      next.emplace(directory.path_of(record.file_number), options.channel, binlog::k_first_event_offset);
    } catch (const std::exception&) {
      // An emptied file that is used again stays; of a new one nothing may stay behind.
      if (!again) {
        std::error_code ignored;
        std::filesystem::remove(directory.path_of(record.file_number), ignored);
        catalogue.remove(record.file_number);
      }
      throw;
    }
  });
  writer = std::move(next);
  newest = record.file_number;
  begun = false;
  boundary = binlog::k_first_event_offset;
  record_due = 0;
  sparse_when_opened = 0;
  transactions_since_sync = 0;
  const std::lock_guard lock(mutex);
  FileEntry entry;
  entry.record = std::move(record);
  entries[newest] = std::move(entry);
  next_number = newest + 1;
  newest_bytes = binlog::k_first_event_offset;
}

void RelayLog::Implementation::record_gtid_before(const std::string& gtid_before) {
  const std::lock_guard structure(structure_mutex);
  require_writer();
  std::vector<RelayFileRecord> listed = records();
  if (listed.back().gtid_before == gtid_before) return;
  listed.back().gtid_before = gtid_before;
  guarded(options.channel, "recording the GTIDs before a relay file", [&] { directory.write_sources(listed); });
  const std::lock_guard lock(mutex);
  entries.at(newest).record.gtid_before = gtid_before;
}

void RelayLog::Implementation::append(ByteView event) {
  RelayFileWriter& file = require_writer();
  const std::uint64_t before = file.handed_over();
  file.append(event);
  if (file.handed_over() == before) return;
  file.start_writeback();
  if (begun) publish_written();
}

void RelayLog::Implementation::publish_written() {
  if (boundary > writer->handed_over()) return;
  {
    const std::lock_guard lock(mutex);
    const RelayPosition now{newest, boundary};
    newest_bytes = boundary - std::min(boundary, writer->sparse_bytes() + sparse_when_opened);
    if (now <= published) return;
    published = now;
  }
  published_changed.notify_all();  // who wakes finds the mutex free
}

void RelayLog::Implementation::record_boundary() {
  writer->sync();
  const bool first = !begun;
  RelayFileRecord record;
  {
    const std::lock_guard lock(mutex);
    FileEntry& entry = entries.at(newest);
    record = entry.record;
    record.boundary_offset = boundary;
    if (!first) entry.record = record;
  }
  transactions_since_sync = 0;
  crash_point("relay.record_boundary");
  try {
    catalogue.save(record);
    record_due = boundary + k_boundary_step;
    if (!first) return;
    const std::lock_guard lock(mutex);
    FileEntry& entry = entries.at(newest);
    entry.record = record;
    entry.begun = begun = true;
  } catch (const std::exception& error) {
    if (first) {
      // A file whose first boundary is not on record counts for nothing after a crash, so readers must not see it.
      boundary = binlog::k_first_event_offset;
      throw WriteError(fmt::format("Relay log write failure: channel '{}': relay file {} cannot be recorded: {}",
                                   options.channel, record.file_name, error.what()),
                       true);
    }
    // Only a scan after a crash depends on it: it would find less, and that would be received once more.
    record_due = boundary + k_boundary_step / 16;
    log(LogLevel::warning, "channel '{}': the boundary {} of relay file {} cannot be recorded: {}", options.channel,
        boundary, record.file_name, error.what());
  }
}

void RelayLog::Implementation::mark_boundary(bool flush_now) {
  RelayFileWriter& file = require_writer();
  boundary = file.end();
  ++transactions_since_sync;
  if (boundary >= record_due) {
    const std::lock_guard structure(structure_mutex);
    record_boundary();
  } else if (options.sync_every != 0 && transactions_since_sync >= options.sync_every) {
    file.sync();
    transactions_since_sync = 0;
  } else if (flush_now) {
    file.write_out();
  } else {
    return;
  }
  crash_point("relay.publish");
  publish_written();
}

void RelayLog::Implementation::flush() {
  if (!writer || !begun) return;
  writer->write_out();
  publish_written();
}

void RelayLog::Implementation::sync() {
  if (!writer || !begun) return;
  writer->sync();
  transactions_since_sync = 0;
  publish_written();
}

void RelayLog::Implementation::make_durable(const RelayPosition& end) {
  const std::lock_guard structure(structure_mutex);
  RelayFileRecord record;
  {
    const std::lock_guard lock(mutex);
    // Files before the newest one were synced when they were closed.
    if (published.file_number != end.file_number || end.file_number == 0 || end <= durable) return;
    record = entries.at(end.file_number).record;
    record.boundary_offset = std::max(record.boundary_offset, published.offset);
  }
  // The writer's own descriptor is its thread's; what is published was handed to the operating system by it.
  File(directory.path_of(end.file_number), File::Mode::read).sync();
  catalogue.save_durably(record);
  const std::lock_guard lock(mutex);
  std::uint64_t& known = entries.at(end.file_number).record.boundary_offset;
  known = std::max(known, record.boundary_offset);
  durable = {end.file_number, record.boundary_offset};
}

void RelayLog::Implementation::discard_partial_transaction() {
  if (writer && writer->end() != boundary) writer->cut(boundary);
}

void RelayLog::Implementation::purge_before(std::uint64_t file_number) {
  const std::lock_guard structure(structure_mutex);
  bool removed = false;
  try {
    for (;;) {
      std::uint64_t oldest = 0;
      {
        const std::lock_guard lock(mutex);
        if (entries.empty()) break;
        oldest = entries.begin()->first;
        if (oldest >= file_number || oldest >= published.file_number) break;
      }
      std::filesystem::remove(directory.path_of(oldest));
      crash_point("relay.purge");
      {
        const std::lock_guard lock(mutex);
        entries.erase(oldest);
        purged_before = oldest + 1;
      }
      removed = true;
      catalogue.remove(oldest);
      crash_point("relay.purge_lists");
      log(LogLevel::info, "channel '{}': relay file {} removed", options.channel, directory.file_name(oldest));
    }
    if (!removed) return;
    sync_directory(directory.path());
    directory.write_lists(records());
  } catch (const std::exception& error) {
    // What was not removed is removed the next time; what was removed is forgotten when the log is opened.
    log(LogLevel::warning, "channel '{}': relay files before {} cannot be purged: {}", options.channel,
        directory.file_name(file_number), error.what());
  }
}

void RelayLog::Implementation::remove_all() {
  const std::lock_guard structure(structure_mutex);
  std::map<std::uint64_t, FileEntry> removed;
  {
    const std::lock_guard lock(mutex);
    removed.swap(entries);
    published = durable = {};
    purged_before = next_number;
    newest_bytes = 0;
    published_changed.notify_all();
  }
  writer.reset();
  begun = false;
  newest = boundary = record_due = 0;
  for (const auto& [number, entry] : removed) {
    std::filesystem::remove(directory.path_of(number));
    catalogue.remove(number);
  }
  sync_directory(directory.path());
  directory.write_lists({});
  const std::uint64_t next = catalogue.last_number() + 1;
  const std::lock_guard lock(mutex);
  next_number = std::max(next_number, next);
}

void RelayLog::Implementation::remove_with_lists() {
  remove_all();
  const std::lock_guard structure(structure_mutex);
  directory.remove_lists();
}

RelayLog::Implementation::FileView RelayLog::Implementation::view_of(std::uint64_t file_number) const {
  const std::lock_guard lock(mutex);
  FileView view;
  view.number = file_number;
  if (published.file_number == 0) {
    if (file_number != 0 && file_number < purged_before) view.kind = FileView::Kind::purged;
    return view;
  }
  if (file_number == 0) view.number = file_number = entries.begin()->first;
  if (file_number > published.file_number) return view;
  const auto found = entries.find(file_number);
  if (found == entries.end()) {
    view.kind = FileView::Kind::purged;
    return view;
  }
  view.kind = FileView::Kind::readable;
  view.closed = file_number < published.file_number;
  view.limit = view.closed ? found->second.end : published.offset;
  return view;
}

}  // namespace tributary::relay
