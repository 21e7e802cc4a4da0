#include "tributary/tools/event_listing.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/transaction_payload.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/printable.hpp"

#include "event_text.hpp"
#include "row_listing.hpp"

namespace tributary::tools {
namespace {

using binlog::BoundaryState;
using binlog::EventType;
using binlog::EventView;
using binlog::FormatDescription;

constexpr std::size_t k_piece = std::size_t{64} << 10;

bool begins_transaction(EventType type) {
  return type == EventType::gtid || type == EventType::anonymous_gtid || type == EventType::gtid_tagged ||
         type == EventType::mariadb_gtid;
}

/// What a row event's flags say: ", STMT_END_F".
std::string row_flags_text(std::uint16_t flags) {
  static constexpr std::pair<std::uint16_t, const char*> k_names[] = {
      {binlog::rows_flag::k_statement_end, "STMT_END_F"},
      {binlog::rows_flag::k_no_foreign_key_checks, "NO_FOREIGN_KEY_CHECKS_F"},
      {binlog::rows_flag::k_relaxed_unique_checks, "RELAXED_UNIQUE_CHECKS_F"},
      {binlog::rows_flag::k_complete_rows, "COMPLETE_ROWS_F"},
      {binlog::rows_flag::k_use_sql_foreign_key, "USE_SQL_FOREIGN_KEY_F"},
      {binlog::rows_flag::k_mariadb_no_check_constraint_checks, "NO_CHECK_CONSTRAINT_CHECKS_F"}};
  std::string text;
  std::uint16_t rest = flags;
  for (const auto& [bit, name] : k_names) {
    if ((flags & bit) == 0) continue;
    text += std::string(text.empty() ? ", " : " ") + name;
    rest = static_cast<std::uint16_t>(rest & ~bit);
  }
  if (rest != 0) text += fmt::format("{}{:#x}", text.empty() ? ", " : " ", rest);
  return text;
}

/// MariaDB's columns with mysql56_temporal_format=OFF: how long a value is follows from the digits of its fraction,
/// which only the table's definition has.
bool has_untold_fractions(const binlog::TableMap& table, const FormatDescription& description) {
  return description.is_mariadb() && std::any_of(table.columns.begin(), table.columns.end(), [](const auto& column) {
           return column.type == binlog::ColumnType::timestamp || column.type == binlog::ColumnType::datetime ||
                  column.type == binlog::ColumnType::time;
         });
}

[[noreturn]] void throw_without_table_map() {
  throw Error(error_code::k_corrupt_event, "row event without the table map that it needs");
}

std::size_t count_rows(const binlog::RowsEvent& event, const binlog::TableMap& table) {
  std::size_t rows = 0;
  for (binlog::RowsReader reader(event, table); reader.next();) ++rows;
  return rows;
}

/// "#   @1 INT UNSIGNED NOT NULL id collation=33" for each column, then the key.
std::string columns_text(const binlog::TableMap& map, const binlog::TableMetadata& metadata) {
  std::string text;
  for (std::size_t i = 0; i < map.columns.size(); ++i) {
    const binlog::ColumnMetadata& told = metadata.columns[i];
    text += fmt::format("#   @{} {}{}{}{}{}{}{}\n", i + 1, column_type_text(map.columns[i], told),
                        told.is_unsigned.value_or(false) ? " UNSIGNED" : "", map.columns[i].nullable ? "" : " NOT NULL",
                        told.name.empty() ? "" : " " + printable(told.name),
                        told.collation == 0 ? "" : fmt::format(" collation={}", told.collation),
                        told.visible.value_or(true) ? "" : " INVISIBLE",
                        told.geometry_type ? fmt::format(" geometry_type={}", *told.geometry_type) : "");
    if (told.values.empty()) continue;
    text += "#     members";
    for (const std::string& value : told.values) text += " " + quoted(as_bytes(value));
    text += '\n';
  }
  if (metadata.primary_key.empty()) return text;
  text += "#   primary key";
  for (const auto& part : metadata.primary_key) {
    text += fmt::format(" @{}", part.column + 1);
    if (part.prefix_length != 0) text += fmt::format("({})", part.prefix_length);
  }
  return text + "\n";
}

}  // namespace

void EventListing::append(std::string_view text) {
  if (output_) text_ += text;
  if (text_.size() >= k_piece) flush();
}

void EventListing::flush() {
  if (output_ && !text_.empty()) output_(text_);
  text_.clear();
}

void EventListing::print_line(const EventView& event, const std::string& position, const std::string& summary) {
  const std::string time = event.header().timestamp == 0 ? std::string(19, '-') : time_text(event.header().timestamp);
  std::string line = fmt::format("{:>10}  {}  {:<20}  {:>3}  {}  {}", position, time, event_type_name(event.type()),
                                 event.header().server_id, gtid_.empty() ? "-" : gtid_, summary);
  line.resize(line.find_last_not_of(' ') + 1);
  append(line + "\n");
  ++lines_;
}

void EventListing::print(const EventView& event, const FormatDescription& description, std::uint64_t offset) {
  try {
    print_event(event, description, fmt::format("{}", offset));
  } catch (const Error&) {
    flush();
    throw;
  }
  flush();
}

void EventListing::skip(const EventView& event, const FormatDescription& description) {
  try {
    follow(event, description);
    if (event.type() == EventType::table_map) tables_.add(event, description);
    if (begins_transaction(event.type())) gtid_ = event_text(event, description, false).gtid;
  } catch (const Error&) {
    // Whoever wants to know of damage there asks for that part of the file.
  }
}

BoundaryState EventListing::follow(const EventView& event, const FormatDescription& description) {
  BoundaryState state = BoundaryState::outside;
  try {
    state = boundary_.feed(event, description);
  } catch (const Error&) {
    boundary_.reset();
    gtid_.clear();
    tables_.end_statement();
    throw;
  }
  if (event.type() == EventType::format_description) tables_.clear();
  if (state != BoundaryState::inside && state != BoundaryState::ends) {
    gtid_.clear();
    tables_.end_statement();
  }
  return state;
}

void EventListing::print_event(const EventView& event, const FormatDescription& description,
                               const std::string& position) {
  std::optional<Error> misplaced;
  try {
    follow(event, description);
  } catch (const Error& error) {
    misplaced = error;
  }
  print_content(event, description, position);
  if (misplaced) throw Error(*misplaced);
  if (boundary_.at_boundary()) gtid_.clear();
}

void EventListing::print_content(const EventView& event, const FormatDescription& description,
                                 const std::string& position) {
  const std::uint64_t lines_before = lines_;
  try {
    if (event.type() == EventType::table_map) {
      print_table_map(event, description, position);
    } else if (binlog::is_rows_event(event.type())) {
      print_rows(event, description, position);
    } else if (event.type() == EventType::partial_update_rows) {
      print_partial_rows(event, description, position);
    } else if (event.type() == EventType::transaction_payload) {
      print_payload(event, description, position);
    } else {
      const EventText text = event_text(event, description, verbose_);
      if (!text.gtid.empty()) gtid_ = text.gtid;
      print_line(event, position, text.summary);
      append(text.details);
    }
  } catch (const Error&) {
    if (lines_ == lines_before) print_line(event, position, fmt::format("{} bytes, damaged", event.body().size()));
    throw;
  }
}

void EventListing::print_table_map(const EventView& event, const FormatDescription& description,
                                   const std::string& position) {
  const auto& table = tables_.add(event, description);
  print_line(event, position,
             fmt::format("{} is table {}, {} columns{}", table_name_text(table.map), table.map.table_id,
                         table.map.columns.size(),
                         (table.map.flags & binlog::TableMap::k_generated_invisible_primary_key) != 0
                             ? ", generated invisible primary key"
                             : ""));
  if (verbose_) append(columns_text(table.map, table.metadata));
}

void EventListing::print_rows(const EventView& event, const FormatDescription& description,
                              const std::string& position) {
  const auto rows_event = binlog::RowsEvent::decode(event, description, unpacked_);
  const auto* const known = tables_.find(rows_event.table_id);
  if (known == nullptr) {
    const bool dummy = binlog::is_dummy_table_id(rows_event.table_id);
    print_line(event, position,
               (dummy ? "no table" : fmt::format("table {}, which no table map describes", rows_event.table_id)) +
                   row_flags_text(rows_event.flags));
    if (!dummy) throw_without_table_map();
    return;
  }
  const auto& table = *known;
  std::string summary = table_name_text(table.map) + ": ";
  std::optional<Error> damage;
  try {
    const std::size_t rows = count_rows(rows_event, table.map);
    summary += fmt::format("{} row{}", rows, rows == 1 ? "" : "s");
  } catch (const Error& error) {
    summary += fmt::format("{} bytes of rows that cannot be read", rows_event.rows.size());
    damage = error;
  }
  if (rows_event.partition_id) summary += fmt::format(", partition {}", *rows_event.partition_id);
  summary += row_flags_text(rows_event.flags);
  const bool uncertain = has_untold_fractions(table.map, description);
  if (uncertain) summary += ", perhaps wrong: temporal columns of a form that only the table's definition tells";
  print_line(event, position, summary);
  if (damage && !uncertain) throw Error(*damage);
  if (verbose_ && !damage) {
    append_rows(text_, rows_event, table.map, table.metadata, [this] { append({}); });
  }
  if (rows_event.ends_statement()) tables_.end_statement();
}

void EventListing::print_partial_rows(const EventView& event, const FormatDescription& description,
                                      const std::string& position) {
  ByteReader reader(event.body());
  const std::uint64_t table_id = reader.u48();
  const std::uint16_t flags = reader.u16();
  const auto* const known = tables_.find(table_id);
  print_line(
      event, position,
      fmt::format("{}: {} bytes{}", known == nullptr ? fmt::format("table {}", table_id) : table_name_text(known->map),
                  reader.remaining(), row_flags_text(flags)));
  if (known == nullptr) {
    if (!binlog::is_dummy_table_id(table_id)) throw_without_table_map();
    return;
  }
  try {
    const Bytes whole = binlog::expand_partial_update(event, description, known->map);
    const auto rows_event =
        binlog::RowsEvent::decode(EventView(whole, binlog::ChecksumAlgorithm::off), description, unpacked_);
    if (verbose_) {
      append_rows(text_, rows_event, known->map, known->metadata, [this] { append({}); });
    } else {
      count_rows(rows_event, known->map);
    }
  } catch (const Error& error) {
    if (error.code() != error_code::k_replica_fatal) throw;
    if (verbose_) append("#   changes of documents that the rows before do not have\n");
  }
  if ((flags & binlog::rows_flag::k_statement_end) != 0) tables_.end_statement();
}

void EventListing::print_payload(const EventView& event, const FormatDescription& description,
                                 const std::string& position) {
  const auto payload = binlog::TransactionPayload::decode(event);
  const bool zstd = payload.compression == binlog::TransactionPayload::Compression::zstd;
  print_line(event, position,
             fmt::format("{}, {} bytes{}", zstd ? "ZSTD" : "NONE", payload.payload.size(),
                         payload.uncompressed_size ? fmt::format(", {} unpacked", *payload.uncompressed_size) : ""));
  const FormatDescription inside = binlog::inside_payload(description);
  binlog::TransactionPayloadReader reader(event);
  std::size_t number = 0;
  while (const auto raw = reader.next()) {
    const EventView inner(*raw, inside.checksum);
    if (inner.type() == EventType::transaction_payload || inner.type() == EventType::format_description) {
      throw Error(error_code::k_corrupt_event,
                  fmt::format("damaged Transaction_payload event: a {} event is in it", event_type_name(inner.type())));
    }
    print_content(inner, inside, fmt::format("{}+{}", position, ++number));
    flush();
  }
}

}  // namespace tributary::tools
