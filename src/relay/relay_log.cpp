#include "tributary/relay/relay_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "relay_cursor.hpp"
#include "relay_log_implementation.hpp"

namespace tributary::relay {

bool same_server(const SourceIdentity& a, const SourceIdentity& b) {
  if (!a.server_uuid.empty() && !b.server_uuid.empty()) return a.server_uuid == b.server_uuid;
  return a.server_id == b.server_id && a.server_uuid.empty() == b.server_uuid.empty();
}

std::uint64_t RelayLog::last_number(const RelayLogOptions& options, RelayCatalogue& catalogue) {
  const std::vector<std::uint64_t> present = RelayDirectory(options.directory, options.base_name).list();
  return std::max(catalogue.last_number(), present.empty() ? 0 : present.back());
}

std::vector<RelayFileRecord> RelayLog::recorded_files(const RelayLogOptions& options) {
  std::vector<RelayFileRecord> records;
  for (auto& [number, record] : RelayDirectory(options.directory, options.base_name).read_sources()) {
    records.push_back(std::move(record));
  }
  return records;
}

RelayLog::RelayLog(RelayLogOptions options, RelayCatalogue& catalogue)
    : implementation_(std::make_unique<Implementation>(std::move(options), catalogue)) {}

RelayLog::~RelayLog() = default;

void RelayLog::begin_file(const std::string& source_file_name, const SourceIdentity& source,
                          const std::string& gtid_before) {
  implementation_->begin_file(source_file_name, source, gtid_before);
}

void RelayLog::record_gtid_before(const std::string& gtid_before) {
  implementation_->record_gtid_before(gtid_before);
}

void RelayLog::append(ByteView event) {
  implementation_->append(event);
}

void RelayLog::cover_hole(std::uint64_t offset, binlog::ChecksumAlgorithm checksum, std::uint32_t server_id) {
  implementation_->require_writer().cover_hole(offset, checksum, server_id);
}

void RelayLog::mark_boundary(bool flush) {
  implementation_->mark_boundary(flush);
}

void RelayLog::flush() {
  implementation_->flush();
}

void RelayLog::sync() {
  implementation_->sync();
}

void RelayLog::discard_partial_transaction() {
  implementation_->discard_partial_transaction();
}

void RelayLog::cut(std::uint64_t offset) {
  implementation_->require_writer().cut(offset);
}

std::uint64_t RelayLog::write_end() const {
  return implementation_->writer ? implementation_->writer->end() : 0;
}

ReceivePosition RelayLog::received_end() const {
  const std::lock_guard lock(implementation_->mutex);
  ReceivePosition position;
  const RelayPosition& published = implementation_->published;
  if (published.file_number == 0) return position;
  const RelayFileRecord& record = implementation_->entries.at(published.file_number).record;
  position.source_file_name = record.source_file_name;
  position.offset = published.offset;
  position.source = record.source;
  return position;
}

RelayPosition RelayLog::published_end() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->published;
}

std::optional<RelayFileRecord> RelayLog::file(std::uint64_t file_number) const {
  const std::lock_guard lock(implementation_->mutex);
  const auto found = implementation_->entries.find(file_number);
  if (found == implementation_->entries.end()) return std::nullopt;
  return found->second.record;
}

std::vector<RelayFileRecord> RelayLog::files() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->records();
}

std::optional<std::uint64_t> RelayLog::closed_end(std::uint64_t file_number) const {
  const Implementation::FileView view = implementation_->view_of(file_number);
  if (view.kind != Implementation::FileView::Kind::readable || !view.closed) return std::nullopt;
  return view.limit;
}

std::filesystem::path RelayLog::path_of(std::uint64_t file_number) const {
  return implementation_->directory.path_of(file_number);
}

std::optional<RelayFileRecord> RelayLog::find_source_file(const std::string& source_file_name) const {
  const std::lock_guard lock(implementation_->mutex);
  for (auto entry = implementation_->entries.rbegin(); entry != implementation_->entries.rend(); ++entry) {
    if (entry->second.record.source_file_name == source_file_name) return entry->second.record;
  }
  return std::nullopt;
}

RelayPosition RelayLog::begin() const {
  const std::lock_guard lock(implementation_->mutex);
  if (implementation_->entries.empty()) return {implementation_->next_number, binlog::k_first_event_offset};
  return {implementation_->entries.begin()->first, binlog::k_first_event_offset};
}

std::uint64_t RelayLog::total_bytes() const {
  const std::lock_guard lock(implementation_->mutex);
  std::uint64_t total = 0;
  for (const auto& [number, entry] : implementation_->entries) {
    const bool is_newest = number == implementation_->entries.rbegin()->first;
    total += is_newest ? implementation_->newest_bytes : entry.bytes;
  }
  return total;
}

void RelayLog::make_durable(RelayPosition end) {
  implementation_->make_durable(end);
}

std::unique_ptr<RelayCursor> RelayLog::open_cursor(RelayPosition from) {
  return std::make_unique<FileCursor>(*implementation_, from);
}

void RelayLog::purge_before(std::uint64_t file_number) {
  implementation_->purge_before(file_number);
}

void RelayLog::remove_all() {
  implementation_->remove_all();
}
void RelayLog::remove_with_lists() {
  implementation_->remove_with_lists();
}

bool RelayLog::wait_published(RelayPosition seen, std::stop_token stop, std::uint32_t timeout_ms) {
  std::unique_lock lock(implementation_->mutex);
  return implementation_->published_changed.wait_for(lock, std::move(stop), std::chrono::milliseconds(timeout_ms),
                                                     [&] { return implementation_->published > seen; });
}

}  // namespace tributary::relay
