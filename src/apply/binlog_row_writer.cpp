#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "tributary/apply/row_writer.hpp"
#include "tributary/binlog/binlog_statement.hpp"
#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/util/error.hpp"

#include "kept_event.hpp"
#include "rows_split.hpp"

namespace tributary::apply {
namespace {

/// Between the limit that a writer is given and the packet's.
constexpr std::size_t k_limit_reserve = 16384;

/// A statement that has more is finished before the next event: the target holds it several times.
constexpr std::size_t k_statement_bytes = std::size_t{256} << 10;

}  // namespace

std::size_t BinlogRowWriter::statement_size(std::size_t event_size) {
  return event_size / 3 * 4 + event_size / 32 + 4096;
}

struct BinlogRowWriter::Implementation {
  Implementation(const std::string& target_version, std::size_t limit)
      : target(binlog::FormatDescription::of_server(target_version)), builder(target, 0), statement_limit(limit) {}

  const binlog::FormatDescription target;
  binlog::BinlogStatementBuilder builder;
  const std::size_t statement_limit;
  std::vector<RowsStatement> finished;
  std::size_t finished_size = 0;
  /// The table maps of the source's current statement by table id: splitting needs them, and partial updates.
  std::map<std::uint64_t, KeptEvent> table_maps;
  std::uint64_t depends_on = 0;            ///< of what is added
  std::uint64_t statement_depends_on = 0;  ///< of what is in the builder

  void add(const binlog::EventView& event, const binlog::FormatDescription& source) {
    statement_depends_on = std::max(statement_depends_on, depends_on);
    builder.add_rows(event, source);
  }
  void finish_statements() {
    for (std::string& statement : builder.take()) {
      finished_size += statement.size();
      finished.push_back({std::move(statement), std::nullopt, statement_depends_on});
    }
    statement_depends_on = 0;
  }

  /// Bytes of a statement with this event alone.
  static std::size_t size_alone(const binlog::EventView& event, const binlog::FormatDescription& source);
  static Bytes expand(const binlog::EventView& event, const binlog::FormatDescription& source,
                      const binlog::TableMap& table);
  [[nodiscard]] binlog::TableMap table_of(const binlog::EventView& event,
                                          const binlog::FormatDescription& source) const;
  void add_split(const binlog::EventView& event, const binlog::FormatDescription& source);
};

BinlogRowWriter::BinlogRowWriter(const std::string& target_version, std::size_t statement_limit)
    : implementation_(std::make_unique<Implementation>(target_version, statement_limit)) {}

BinlogRowWriter::~BinlogRowWriter() = default;

const std::string& BinlogRowWriter::session_statement() const {
  return implementation_->builder.format_description_statement();
}

void BinlogRowWriter::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const std::uint64_t id = binlog::TableMapLayout::decode(event, source).table_id;
  implementation_->table_maps[id].keep(event);
  implementation_->builder.add_table_map(event, source);
}

std::size_t BinlogRowWriter::Implementation::size_alone(const binlog::EventView& event,
                                                        const binlog::FormatDescription& source) {
  using binlog::EventType;
  switch (event.type()) {
    case EventType::mariadb_write_rows_compressed_v1:
    case EventType::mariadb_update_rows_compressed_v1:
    case EventType::mariadb_delete_rows_compressed_v1:
    case EventType::mariadb_write_rows_compressed:
    case EventType::mariadb_update_rows_compressed:
    case EventType::mariadb_delete_rows_compressed: {
      Bytes scratch;
      return statement_size(binlog::RowsEvent::decode(event, source, scratch).rows.size());
    }
    default:
      return statement_size(event.raw().size());
  }
}

void BinlogRowWriter::add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) {
  Implementation& self = *implementation_;
  if (event.type() == binlog::EventType::partial_update_rows && self.target.is_mariadb()) {
    // MySQL writes every update so where binlog_row_value_options is set, also of tables without JSON.
    const Bytes whole = binlog::expand_partial_update(event, source, self.table_of(event, source));
    return add_rows(binlog::EventView(whole, binlog::ChecksumAlgorithm::off), source);
  }
  const std::size_t size = Implementation::size_alone(event, source);
  const bool is_full = self.builder.size() + size > std::min(self.statement_limit, k_statement_bytes);
  if (self.builder.row_events() > 0 && (is_full || self.depends_on > self.statement_depends_on)) {
    self.finish_statements();
  }
  if (size > self.statement_limit) {
    self.add_split(event, source);
  } else {
    self.add(event, source);
  }
  if ((binlog::RowsHead::of(event).flags & binlog::rows_flag::k_statement_end) != 0) self.table_maps.clear();
}

Bytes BinlogRowWriter::Implementation::expand(const binlog::EventView& event, const binlog::FormatDescription& source,
                                              const binlog::TableMap& table) {
  try {
    return binlog::expand_partial_update(event, source, table);
  } catch (const Error& error) {
    if (error.code() != error_code::k_replica_fatal) throw;
    throw Error(
        k_packet_too_large, "08S01",
        fmt::format("a partial update of table {}.{} needs a statement of about {} bytes, and cannot be cut into "
                    "smaller ones, which needs binlog_row_image=FULL on the source: set max_allowed_packet on "
                    "the target to that or more, and start the applier again",
                    table.database, table.table, size_alone(event, source) + k_limit_reserve));
  }
}

binlog::TableMap BinlogRowWriter::Implementation::table_of(const binlog::EventView& event,
                                                           const binlog::FormatDescription& source) const {
  const std::uint64_t table_id = binlog::RowsHead::of(event).table_id;
  const auto map = table_maps.find(table_id);
  if (map == table_maps.end()) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("a row event uses table id {}, which no table map has introduced", table_id));
  }
  return binlog::TableMap::decode(map->second.view(), source);
}

void BinlogRowWriter::Implementation::add_split(const binlog::EventView& event,
                                                const binlog::FormatDescription& source) {
  const binlog::TableMap table = table_of(event, source);
  Bytes whole;  // of a partial update, which is not cut as it is
  if (event.type() == binlog::EventType::partial_update_rows) whole = expand(event, source, table);
  Bytes scratch;
  const binlog::RowsEvent rows = binlog::RowsEvent::decode(
      whole.empty() ? event : binlog::EventView(whole, binlog::ChecksumAlgorithm::off), source, scratch);
  binlog::RowsReader reader(rows, table);
  const std::uint8_t* begin = rows.rows.data();  // of the rows not yet added
  const std::uint8_t* end = begin;               // of those that fit one statement
  const auto add_piece = [&](bool last) {
    const Bytes piece = make_rows_event(event.header(), rows, {begin, end}, last && rows.ends_statement());
    add(binlog::EventView(piece, binlog::ChecksumAlgorithm::off), source);
    begin = end;
    if (!last) finish_statements();
  };
  while (reader.next()) {
    const ByteView row = current_row(reader);
    const std::uint8_t* const row_end = row.data() + row.size();
    if (statement_size(row.size()) > statement_limit) {
      throw Error(k_packet_too_large, "08S01",
                  fmt::format("a row of table {}.{} has {} bytes and needs a statement of about {} bytes: set "
                              "max_allowed_packet on the target to that or more, and start the applier again",
                              table.database, table.table, row.size(), statement_size(row.size()) + k_limit_reserve));
    }
    if (end != begin && statement_size(static_cast<std::size_t>(row_end - begin)) > statement_limit) add_piece(false);
    end = row_end;
  }
  add_piece(true);
}

void BinlogRowWriter::end_statement() {
  implementation_->table_maps.clear();
  implementation_->builder.end_statement();
}

void BinlogRowWriter::depend_on(std::uint64_t batch) {
  implementation_->depends_on = batch;
}

std::size_t BinlogRowWriter::size() const {
  return implementation_->finished_size + implementation_->builder.size();
}

std::vector<RowsStatement> BinlogRowWriter::take() {
  implementation_->finish_statements();
  implementation_->finished_size = 0;
  return std::exchange(implementation_->finished, {});
}

void BinlogRowWriter::clear() {
  implementation_->builder.clear();
  implementation_->finished.clear();
  implementation_->finished_size = 0;
  implementation_->table_maps.clear();
  implementation_->statement_depends_on = 0;
}

}  // namespace tributary::apply
