#include "net_binlog_writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rows_split.hpp"

namespace tributary::apply {
namespace {

using binlog::RowsKind;

/// The target is asked about a table that has so many row events: it costs it some queries.
constexpr std::uint32_t k_events_until_asked = 8;
/// Bytes of rows in an event, unless one row has more.
constexpr std::size_t k_event_bytes = std::size_t{128} << 10;
/// Of columns and of NULLs in an event of one row, for the 4096 columns that a table may have.
constexpr std::size_t k_bitmaps = std::size_t{4} * 4096 / 8;
/// A table whose rows cannot be netted that often in a batch is left alone in it: short statements cost more.
constexpr std::uint32_t k_most_breaks = 3;
/// Of a buffer, beyond the statement that needed it.
constexpr std::size_t k_most_kept_bytes = std::size_t{1} << 20;
constexpr std::uint16_t k_skip_replication = 0x8000;  // LOG_EVENT_SKIP_REPLICATION_F, MariaDB's sql/log_event.h

std::size_t bitmap_bytes(std::size_t columns) {
  return (columns + 7) / 8;
}

/// Values of the type are equal only where their bytes are, whatever the target makes of them: not text, nor what has
/// two zeros or parts of a second.
bool is_equal_by_bytes(binlog::ColumnType type) {
  using binlog::ColumnType;
  switch (type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::int24:
    case ColumnType::long_int:
    case ColumnType::longlong:
    case ColumnType::year:
    case ColumnType::date:
      return true;
    default:
      return false;
  }
}

/// The image of some columns of a row, which tells the row where they are the key's. False when one of them is NULL,
/// which no key's should be.
bool write_key(const std::vector<std::size_t>& columns, const binlog::RowImage& image, Bytes& key) {
  key.assign(bitmap_bytes(columns.size()), 0);
  const std::uint8_t* begin = image.raw().data() + bitmap_bytes(image.cells().size());
  auto wanted = columns.begin();
  for (const binlog::Cell& cell : image.cells()) {
    // With the length in front of it, which is no part of the cell.
    const std::uint8_t* const end = cell.is_null ? begin : cell.bytes.data() + cell.bytes.size();
    if (wanted != columns.end() && *wanted == cell.column) {
      if (cell.is_null) return false;
      key.insert(key.end(), begin, end);
      ++wanted;
    }
    begin = end;
  }
  return wanted == columns.end();
}

}  // namespace

std::vector<std::size_t> may_net(const TargetTable& target, const binlog::TableMap& map) {
  // Rows before are given by the key alone: MariaDB finds none by a key of hashes then, and has no values for what its
  // generated columns are made of.
  const bool tells_rows = target.unique_keys == 1 && !target.has_hash_key &&
                          std::all_of(target.columns.begin(), target.columns.end(),
                                      [](const TargetColumn& column) { return column.generation.empty(); });
  const bool may = target.type == "BASE TABLE" && target.engine == "InnoDB" && tells_rows && !target.has_triggers &&
                   !target.has_foreign_keys && target.columns.size() == map.columns.size() && tells_lengths(map);
  return may ? target.key : std::vector<std::size_t>();
}

NetBinlogWriter::NetBinlogWriter(const std::string& target_version, std::size_t statement_limit, BinlogRowWriter& plain,
                                 TargetTables& tables)
    : statement_limit_(statement_limit), plain_(plain), net_(target_version, statement_limit), tables_(tables) {}

void NetBinlogWriter::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  if (!source_ || !(*source_ == source)) {
    take_net();
    source_ = source;
  }
  const auto layout = binlog::TableMapLayout::decode(event, source);
  Table& table = known_[{std::string(layout.database), std::string(layout.table)}];
  const bool same =
      std::equal(table.definition.begin(), table.definition.end(), layout.definition.begin(), layout.definition.end());
  if (!same) {
    if (!table.net.empty()) finish(table);
    table.definition.assign(layout.definition.begin(), layout.definition.end());
    table.map = binlog::TableMap::decode(event, source);
    table.is_known = false;
    table.events = 0;
    table.key.clear();
  }
  table.map_event.keep(event);
  table.map.table_id = layout.table_id;
  OpenTable* open = find(layout.table_id);
  if (open == nullptr) {
    if (open_count_ == open_.size()) open_.emplace_back();
    open = &open_[open_count_++];
  }
  open->table_id = layout.table_id;
  open->table = &table;
  open->map_event.keep(event);
  open->given_to_plain = false;
}

NetBinlogWriter::OpenTable* NetBinlogWriter::find(std::uint64_t table_id) {
  const auto end = open_.begin() + static_cast<std::ptrdiff_t>(open_count_);
  const auto found =
      std::find_if(open_.begin(), end, [table_id](const OpenTable& o) { return o.table_id == table_id; });
  return found == end ? nullptr : &*found;
}

bool NetBinlogWriter::nets(Table& table) {
  if (keeps_order_ || table.breaks >= k_most_breaks) return false;
  if (!table.is_known) {
    if (++table.events < k_events_until_asked) return false;
    table.key = may_net(tables_.of({table.map.database, table.map.table}), table.map);
    std::sort(table.key.begin(), table.key.end());
    table.has_exact_key = std::all_of(table.key.begin(), table.key.end(), [&table](std::size_t column) {
      return is_equal_by_bytes(table.map.columns[column].type);
    });
    table.is_known = true;
  }
  return !table.key.empty();
}

void NetBinlogWriter::add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const auto [id, flags] = binlog::RowsHead::of(event);
  OpenTable* const open = find(id);
  const bool may = open != nullptr && binlog::is_rows_event(event.type()) && nets(*open->table);
  if (!may || !add_net(*open, event, source)) add_plain(open, event, source);
  if ((flags & binlog::rows_flag::k_statement_end) != 0) end_statement();
}

void NetBinlogWriter::end_statement() {
  if (plain_is_open_) plain_.end_statement();
  plain_is_open_ = false;
  open_count_ = 0;
}

/// False, and nothing done, when it must be written as it comes.
bool NetBinlogWriter::add_net(OpenTable& open, const binlog::EventView& event,
                              const binlog::FormatDescription& source) {
  Table& table = *open.table;
  const binlog::RowsEvent rows = binlog::RowsEvent::decode(event, source, scratch_);
  // Of a row before its key will do.
  if (rows.kind != RowsKind::remove && !binlog::has_all_columns(rows.after_columns, rows.column_count)) return false;
  const auto flags = static_cast<std::uint16_t>(rows.flags & ~binlog::rows_flag::k_statement_end);
  const bool other_mark = ((event.header().flags ^ table.header.flags) & k_skip_replication) != 0;
  if (!table.net.empty() && (flags != table.flags || other_mark)) finish(table);
  reader_.reset(rows, table.map);
  while (reader_.next()) {
    table.header = event.header();
    table.flags = flags;
    if (add_row(table, rows.kind)) continue;
    const Bytes alone = make_rows_event(event.header(), rows, current_row(reader_), false);
    add_plain(&open, binlog::EventView(alone, binlog::ChecksumAlgorithm::off), source);
  }
  return true;
}

bool NetBinlogWriter::add_row(Table& table, RowsKind kind) {
  const bool is_first = table.net.empty();
  net_size_ -= size_of(table);
  const bool netted = net_row(table, kind);
  net_size_ += size_of(table);
  if (!netted) return false;
  if (is_first) changed_.push_back(&table);
  table.depends_on = std::max(table.depends_on, depends_on_);
  return true;
}

bool NetBinlogWriter::net_row(Table& table, RowsKind kind) {
  const bool waits = depends_on_ != 0;
  const binlog::RowImage& before = reader_.before();
  const binlog::RowImage& after = reader_.after();
  if (!write_key(table.key, kind == RowsKind::write ? after : before, key_)) return false;
  // One that cannot be sent is an error of its event.
  const std::size_t size = k_bitmaps + key_.size() + after.raw().size();
  if (BinlogRowWriter::statement_size(size) > statement_limit_) return false;
  switch (kind) {
    case RowsKind::write:
      return table.net.add(key_, after.raw(), waits);
    case RowsKind::remove:
      return table.net.remove(key_, waits);
    case RowsKind::update:
      break;
  }
  Bytes& new_key = rows_;
  if (!write_key(table.key, after, new_key) || new_key != key_) return false;
  return table.net.replace(key_, after.raw(), waits);
}

void NetBinlogWriter::add_plain(OpenTable* open, const binlog::EventView& event,
                                const binlog::FormatDescription& source) {
  if (open != nullptr) {
    if (!open->table->net.empty()) finish(*open->table);
    if (!open->given_to_plain) {
      plain_.add_table_map(open->map_event.view(), source);
      open->given_to_plain = true;
      plain_is_open_ = true;
    }
  }
  plain_.add_rows(event, source);
}

void NetBinlogWriter::finish(BinlogRowWriter& writer) {
  for (RowsStatement& statement : writer.take()) {
    finished_size_ += statement.sql.size();
    finished_.push_back(std::move(statement));
  }
}

void NetBinlogWriter::finish(Table& table) {
  finish(plain_);
  emit(table, false);
  emit(table, true);
  emitted(table);
  std::erase(changed_, &table);
  if (table.breaks++ == 0) broken_.push_back(&table);
  finish(net_);
}

/// Where keys of different bytes may be equal, all rows wait as soon as one does: the old row must go first.
void NetBinlogWriter::emit(Table& table, bool waiting) {
  const bool all_wait = table.depends_on != 0 && !table.has_exact_key;
  if (all_wait && !waiting) return;
  net_.depend_on(waiting ? table.depends_on : 0);
  net_.add_table_map(table.map_event.view(), *source_);
  // In this order no key is met by a new row while the old one is there.
  for (const RowsKind kind : {RowsKind::remove, RowsKind::update, RowsKind::write}) {
    if (all_wait) emit(table, false, kind);
    emit(table, waiting, kind);
  }
  net_.end_statement();
}

void NetBinlogWriter::emitted(Table& table) {
  net_size_ -= size_of(table);
  table.net.clear();
  table.depends_on = 0;
}

void NetBinlogWriter::emit(Table& table, bool waiting, RowsKind kind) {
  const Bytes all(bitmap_bytes(table.map.columns.size()), 0xff);
  Bytes key(all.size(), 0);
  for (const std::size_t column : table.key) key[column / 8] |= static_cast<std::uint8_t>(1U << (column % 8));
  binlog::RowsEvent event;
  event.kind = kind;
  event.table_id = table.map.table_id;
  event.flags = table.flags;
  event.column_count = table.map.columns.size();
  if (kind != RowsKind::write) event.before_columns = key;
  if (kind != RowsKind::remove) event.after_columns = all;
  rows_.clear();
  const auto write = [&] {
    if (rows_.empty()) return;
    const Bytes raw = make_rows_event(table.header, event, rows_, false);
    net_.add_rows(binlog::EventView(raw, binlog::ChecksumAlgorithm::off), *source_);
    rows_.clear();
  };
  table.net.for_each(kind, waiting, [&](ByteView key_image, ByteView after) {
    if (kind != RowsKind::write) rows_.insert(rows_.end(), key_image.begin(), key_image.end());
    if (kind != RowsKind::remove) rows_.insert(rows_.end(), after.begin(), after.end());
    if (rows_.size() >= k_event_bytes) write();
  });
  write();
}

void NetBinlogWriter::depend_on(std::uint64_t batch) {
  depends_on_ = batch;
  plain_.depend_on(batch);
}

std::size_t NetBinlogWriter::size() const {
  return finished_size_ + plain_.size() + net_size_;
}

/// Bytes of the statements or of memory, whichever are more.
std::size_t NetBinlogWriter::size_of(const Table& table) {
  return std::max(table.net.size() / 3 * 4, table.net.memory());
}

/// All that is netted, behind all that came as it is.
void NetBinlogWriter::take_net() {
  finish(plain_);
  for (Table* const table : changed_) emit(*table, false);
  for (Table* const table : changed_) emit(*table, true);
  for (Table* const table : std::exchange(changed_, {})) emitted(*table);
  finish(net_);
}

std::vector<RowsStatement> NetBinlogWriter::take() {
  // Past so many tables all are forgotten: a source may have 100,000.
  static constexpr std::size_t k_most_tables = 4096;
  take_net();
  for (Table* const table : std::exchange(broken_, {})) table->breaks = 0;
  if (known_.size() > k_most_tables && open_count_ == 0) known_.clear();
  finished_size_ = 0;
  for (Bytes* const buffer : {&scratch_, &rows_}) {
    if (buffer->capacity() > k_most_kept_bytes) *buffer = {};
  }
  return std::exchange(finished_, {});
}

void NetBinlogWriter::clear() {
  plain_.clear();
  net_.clear();
  for (Table* const table : changed_) emitted(*table);
  changed_.clear();
  for (Table* const table : std::exchange(broken_, {})) table->breaks = 0;
  net_size_ = 0;
  finished_.clear();
  finished_size_ = 0;
  open_count_ = 0;
  plain_is_open_ = false;
}

void NetBinlogWriter::definitions_change(const std::vector<target::ObjectName>& /*objects*/) {
  take_net();
  open_count_ = 0;
  broken_.clear();
  known_.clear();
  tables_.forget();
}

}  // namespace tributary::apply
