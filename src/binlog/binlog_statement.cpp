#include "tributary/binlog/binlog_statement.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include <fmt/core.h>

#include "tributary/binlog/table_map.hpp"
#include "tributary/util/error.hpp"

#include "compression.hpp"
#include "decode_support.hpp"
#include "optional_metadata.hpp"
#include "rows_layout.hpp"

namespace tributary::binlog {
namespace {

constexpr std::string_view k_statement_begin = "BINLOG '";
/// The flags that both vendors know; the end of a statement is set where we end it. Not among them
/// rows_flag::k_relaxed_unique_checks, a permission that the target need not use: MariaDB 10.6 and later would then
/// find a doubled key only at COMMIT and not tell which.
constexpr std::uint16_t k_row_flags = rows_flag::k_no_foreign_key_checks | rows_flag::k_complete_rows;
constexpr std::uint16_t k_skip_replication = 0x8000;  // LOG_EVENT_SKIP_REPLICATION_F: @@skip_replication of the source

/// What the target's vendor and version decide about an event.
struct TargetForm {
  bool rows_of_version_2 = false;
  bool mariadb = false;
  std::uint16_t row_flags = 0;    ///< that the target knows
  std::uint16_t table_flags = 0;  ///< that the target knows
  std::uint16_t event_flags = 0;  ///< that the target knows
};

TargetForm form_of(const FormatDescription& target) {
  if (target.is_mariadb()) {
    return {false, true, k_row_flags | rows_flag::k_mariadb_no_check_constraint_checks,
            TableMap::k_bit_length_exact | TableMap::k_mariadb_has_triggers, k_skip_replication};
  }
  // From 9.6 on the server's SQL layer follows foreign keys, unless innodb_native_foreign_keys is on.
  const bool knows_sql_foreign_keys = target.version() >= std::array<unsigned, 3>{9, 6, 0};
  const std::uint16_t added = knows_sql_foreign_keys ? rows_flag::k_use_sql_foreign_key : std::uint16_t{0};
  return {true, false, static_cast<std::uint16_t>(k_row_flags | added), TableMap::k_bit_length_exact, 0};
}
/// What is remembered of tables is forgotten past so many definitions, once no statement of the source is open.
constexpr std::size_t k_most_definitions = 4096;
constexpr std::size_t k_most_kept_bytes = std::size_t{16} << 20;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

EventType rows_type(const RowsForm& source, bool version_2) {
  if (source.partial) return EventType::partial_update_rows;
  switch (source.kind) {
    case RowsKind::write:
      return version_2 ? EventType::write_rows : EventType::write_rows_v1;
    case RowsKind::update:
      return version_2 ? EventType::update_rows : EventType::update_rows_v1;
    case RowsKind::remove:
      break;
  }
  return version_2 ? EventType::delete_rows : EventType::delete_rows_v1;
}

/// The part of the optional metadata without which MySQL takes a VECTOR column for one of 0 dimensions and refuses its
/// rows (1677, shown as 1105); empty where there is none.
ByteView vector_dimensions(const TableMapLayout& layout) {
  const auto vector = static_cast<std::uint8_t>(ColumnType::vector);
  if (std::find(layout.types.begin(), layout.types.end(), vector) == layout.types.end()) return {};
  ByteReader reader(layout.optional_metadata);
  while (!reader.at_end()) {
    const std::size_t begin = reader.position();
    const std::uint8_t part = reader.u8();
    reader.lenenc_text();
    if (part == k_vector_dimension) return layout.optional_metadata.subspan(begin, reader.position() - begin);
  }
  return {};
}

/// MariaDB (10.11; 11.8 does not) looks in vain for the row of such an update, behind another event of its table in the
/// statement: where a table has virtual columns and the row is searched by all columns, those are compared with what
/// the event before has left there.
bool goes_alone(const RowsLayout& layout) {
  return layout.form.kind == RowsKind::update && has_all_columns(layout.first_bitmap, layout.column_count) &&
         !has_all_columns(layout.second_bitmap, layout.column_count);
}

void append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void empty_but_keep(Bytes& bytes) {
  bytes.clear();
  if (bytes.capacity() > k_most_kept_bytes) bytes.shrink_to_fit();
}

}  // namespace

struct BinlogStatementBuilder::Implementation {
  /// A table name, and the definition that it has in the current statement.
  struct Name {
    std::uint64_t statement = 0;
    std::size_t definition = 0;
  };
  /// An exact definition of a table; its index + 1 is its table id in our statements.
  struct Definition {
    std::string_view content;  ///< key in definition_index: flags, then TableMapLayout::definition
    Name* name = nullptr;      ///< value in names
  };
  /// A table map of the source's statement that is not over yet.
  struct SourceTable {
    std::uint64_t table_id = 0;
    std::size_t definition = 0;
    EventHeader header;
  };
  struct Statement {
    Bytes maps;
    Bytes rows;
    std::uint16_t row_flags = 0;
    std::size_t last_rows_event = 0;  ///< offset in rows
    bool is_whole = false;            ///< takes no more events
  };

  Implementation(const FormatDescription& target, std::uint32_t server)
      : server_id(server),
        form(form_of(target)),
        establishing(std::string(k_statement_begin) + to_base64(target.encode(server, 0)) + "'") {}

  std::size_t intern(const TableMapLayout& layout);
  const SourceTable* find(std::uint64_t table_id) const;
  Statement& statement_for(const Definition& definition, std::size_t index, std::uint16_t row_flags, bool alone);
  void write_map(Statement& statement, std::size_t definition, const EventHeader& source);
  void write_rows(Statement& statement, std::size_t definition, const EventHeader& source, const RowsLayout& layout);
  void begin_event(Bytes& to, EventType type, const EventHeader& source, std::size_t definition,
                   std::size_t size_after_id);
  void reset_batch();

  std::uint32_t server_id;
  TargetForm form;
  std::string establishing;
  TextMap<std::size_t> definition_index;
  TextMap<Name> names;
  std::vector<Definition> definitions;
  std::vector<SourceTable> source_tables;
  std::vector<Statement> statements;  ///< the first statement_count are in use, the others keep memory
  std::size_t statement_count = 0;
  std::uint64_t statement_serial = 0;  ///< grows with every statement begun; 0 = none
  std::size_t rows_events = 0;
  // Scratch, kept for its memory.
  std::string key;
  ByteWriter event_start;
  Bytes unpacked;
};

std::size_t BinlogStatementBuilder::Implementation::intern(const TableMapLayout& layout) {
  const std::uint16_t flags = layout.flags & form.table_flags;
  key.assign({static_cast<char>(flags & 0xff), static_cast<char>(flags >> 8)});
  key += as_text(layout.definition);
  if (form.rows_of_version_2) key += as_text(vector_dimensions(layout));
  if (const auto known = definition_index.find(std::string_view(key)); known != definition_index.end()) {
    return known->second;
  }
  const auto added = definition_index.emplace(key, definitions.size()).first;
  // A name cannot hold a zero byte.
  const std::string name = std::string(layout.database) + '\0' + std::string(layout.table);
  definitions.push_back({added->first, &names[name]});
  return added->second;
}

const BinlogStatementBuilder::Implementation::SourceTable* BinlogStatementBuilder::Implementation::find(
    std::uint64_t table_id) const {
  // Newest first: a statement's rows mostly follow their own map.
  const auto at = std::find_if(source_tables.rbegin(), source_tables.rend(),
                               [table_id](const SourceTable& table) { return table.table_id == table_id; });
  return at == source_tables.rend() ? nullptr : &*at;
}

BinlogStatementBuilder::Implementation::Statement& BinlogStatementBuilder::Implementation::statement_for(
    const Definition& definition, std::size_t index, std::uint16_t row_flags, bool alone) {
  const bool fits = !alone && statement_count != 0 && !statements[statement_count - 1].is_whole &&
                    statements[statement_count - 1].row_flags == row_flags &&
                    (definition.name->statement != statement_serial || definition.name->definition == index);
  if (!fits) {
    if (statement_count == statements.size()) statements.emplace_back();
    ++statement_count;
    ++statement_serial;
    statements[statement_count - 1].row_flags = row_flags;
    statements[statement_count - 1].is_whole = alone;
  }
  return statements[statement_count - 1];
}

void BinlogStatementBuilder::Implementation::begin_event(Bytes& to, EventType type, const EventHeader& source,
                                                         std::size_t definition, std::size_t size_after_id) {
  static constexpr std::size_t k_table_id_length = 6;
  const std::size_t size = EventHeader::k_length + k_table_id_length + size_after_id;
  if (size > UINT32_MAX) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("a {} event of {} bytes cannot be written", event_type_name(type), size));
  }
  EventHeader header;
  header.timestamp = source.timestamp;
  header.type = type;
  header.server_id = server_id;
  header.event_size = static_cast<std::uint32_t>(size);
  header.flags = source.flags & form.event_flags;
  event_start.clear();
  header.encode(event_start);
  event_start.u48(definition + 1);
  append(to, event_start.view());
}

void BinlogStatementBuilder::Implementation::write_map(Statement& statement, std::size_t definition,
                                                       const EventHeader& source) {
  const ByteView content = as_bytes(definitions[definition].content);
  begin_event(statement.maps, EventType::table_map, source, definition, content.size());
  append(statement.maps, content);
}

void BinlogStatementBuilder::Implementation::write_rows(Statement& statement, std::size_t definition,
                                                        const EventHeader& source, const RowsLayout& layout) {
  ByteView rows = layout.rows_part;
  if (layout.form.compressed) {
    decompress_block(rows, unpacked);
    rows = unpacked;
  }
  // Of the extra data of version 2 nothing is kept, but their length (their own two bytes): partition ids and NDB's.
  const std::array<std::uint8_t, 4> flags = {static_cast<std::uint8_t>(statement.row_flags & 0xff),
                                             static_cast<std::uint8_t>(statement.row_flags >> 8), 2, 0};
  const ByteView kept_flags = ByteView(flags).first(form.rows_of_version_2 ? 4 : 2);
  const std::size_t begin = statement.rows.size();
  begin_event(statement.rows, rows_type(layout.form, form.rows_of_version_2), source, definition,
              kept_flags.size() + layout.columns_part.size() + rows.size());
  append(statement.rows, kept_flags);
  append(statement.rows, layout.columns_part);
  append(statement.rows, rows);
  statement.last_rows_event = begin;
}

void BinlogStatementBuilder::Implementation::reset_batch() {
  for (std::size_t i = 0; i < statement_count; ++i) {
    empty_but_keep(statements[i].maps);
    empty_but_keep(statements[i].rows);
  }
  statement_count = 0;
  rows_events = 0;
  empty_but_keep(unpacked);
  if (definitions.size() > k_most_definitions && source_tables.empty()) {
    definitions.clear();
    names.clear();
    definition_index.clear();
  }
}

BinlogStatementBuilder::BinlogStatementBuilder(const FormatDescription& target, std::uint32_t server_id)
    : implementation_(std::make_unique<Implementation>(target, server_id)) {}
BinlogStatementBuilder::~BinlogStatementBuilder() = default;
BinlogStatementBuilder::BinlogStatementBuilder(BinlogStatementBuilder&&) noexcept = default;
BinlogStatementBuilder& BinlogStatementBuilder::operator=(BinlogStatementBuilder&&) noexcept = default;

const std::string& BinlogStatementBuilder::format_description_statement() const {
  return implementation_->establishing;
}

void BinlogStatementBuilder::add_table_map(const EventView& event, const FormatDescription& source) {
  const TableMapLayout layout = TableMapLayout::decode(event, source);
  auto& tables = implementation_->source_tables;
  const std::size_t definition = implementation_->intern(layout);
  const auto same_id =
      std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.table_id == layout.table_id; });
  if (same_id != tables.end()) {
    *same_id = {layout.table_id, definition, event.header()};
  } else {
    tables.push_back({layout.table_id, definition, event.header()});
  }
}

void BinlogStatementBuilder::add_rows(const EventView& event, const FormatDescription& source) {
  Implementation& self = *implementation_;
  const RowsLayout layout = RowsLayout::decode(event, source);
  if (layout.form.partial && !self.form.rows_of_version_2) {
    throw_damaged(event.type(), "version 1 of row events has none of its kind");
  }
  if (const Implementation::SourceTable* table = self.find(layout.table_id)) {
    const Implementation::Definition& definition = self.definitions[table->definition];
    Implementation::Statement& statement = self.statement_for(
        definition, table->definition, layout.flags & self.form.row_flags, self.form.mariadb && goes_alone(layout));
    if (definition.name->statement != self.statement_serial) {
      self.write_map(statement, table->definition, table->header);
      *definition.name = {self.statement_serial, table->definition};
    }
    self.write_rows(statement, table->definition, event.header(), layout);
    ++self.rows_events;
  } else if (!is_dummy_table_id(layout.table_id)) {
    throw_damaged(event.type(), "no table map gives its table's definition");
  }
  if ((layout.flags & rows_flag::k_statement_end) != 0) self.source_tables.clear();
}

void BinlogStatementBuilder::end_statement() {
  implementation_->source_tables.clear();
}

std::size_t BinlogStatementBuilder::size() const {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < implementation_->statement_count; ++i) {
    const auto& statement = implementation_->statements[i];
    bytes += k_statement_begin.size() + base64_size(statement.maps.size()) + base64_size(statement.rows.size()) + 2;
  }
  return bytes;
}

std::size_t BinlogStatementBuilder::row_events() const {
  return implementation_->rows_events;
}

std::vector<std::string> BinlogStatementBuilder::take() {
  static constexpr std::size_t k_row_flags_offset = EventHeader::k_length + 6;
  Implementation& self = *implementation_;
  std::vector<std::string> texts;
  texts.reserve(self.statement_count);
  for (std::size_t i = 0; i < self.statement_count; ++i) {
    Implementation::Statement& statement = self.statements[i];
    if (statement.rows.empty()) continue;  // its first row event was damaged
    statement.rows[statement.last_rows_event + k_row_flags_offset] |= std::uint8_t{rows_flag::k_statement_end};
    std::string& text = texts.emplace_back();
    text.reserve(k_statement_begin.size() + base64_size(statement.maps.size()) + base64_size(statement.rows.size()) +
                 4);
    text += k_statement_begin;
    append_base64(text, statement.maps);
    text += '\n';  // two base64 texts, each with its own padding, as mariadb-binlog writes one for each event
    append_base64(text, statement.rows);
    text += '\'';
  }
  self.reset_batch();
  return texts;
}

void BinlogStatementBuilder::clear() {
  implementation_->source_tables.clear();
  implementation_->reset_batch();
}

}  // namespace tributary::binlog
