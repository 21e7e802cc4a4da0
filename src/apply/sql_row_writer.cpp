#include "sql_row_writer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/util/error.hpp"

#include "rows_split.hpp"

namespace tributary::apply {
namespace {

using binlog::RowImage;
using binlog::RowsKind;

constexpr std::uint16_t k_row_not_found = 1032;  // ER_KEY_NOT_FOUND
/// Begins what MySQL is made to say: it has no SIGNAL outside of routines.
constexpr std::string_view k_missing_row = "tributary-1032:";
/// Of one removal: MariaDB finds rows by several columns only where they are alternatives, which it weighs one by one
/// (optimizer_max_sel_arg_weight).
constexpr std::size_t k_keys_in_a_list = 1000;
constexpr std::size_t k_alternatives = 200;

/// What a session takes over from an event.
constexpr std::uint16_t k_session_flags = binlog::rows_flag::k_no_foreign_key_checks |
                                          binlog::rows_flag::k_relaxed_unique_checks |
                                          binlog::rows_flag::k_use_sql_foreign_key;

std::string list_of(const std::vector<SqlColumn>& columns, const std::vector<std::size_t>& which) {
  std::string list;
  for (const std::size_t column : which) {
    if (!list.empty()) list += ',';
    list += columns[column].name;
  }
  return list;
}

std::string text_in_literal(std::string_view text) {
  std::string literal;
  append_quoted(text, literal);
  return literal.substr(1, literal.size() - 2);
}

}  // namespace

SqlRowWriter::SqlRowWriter(const SqlDialect& target, const SqlRowOptions& options, TargetTables& tables)
    : target_(target), options_(options), tables_(tables) {}

void SqlRowWriter::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const auto layout = binlog::TableMapLayout::decode(event, source);
  const TableName name{std::string(layout.database), std::string(layout.table)};
  Table& table = plans_[name];
  const bool same =
      std::equal(table.definition.begin(), table.definition.end(), layout.definition.begin(), layout.definition.end());
  if (!same || table.columns.empty()) {
    finish_all();
    table = {};
    plan(table, binlog::TableMap::decode(event, source), tables_.of(name));
    table.definition.assign(layout.definition.begin(), layout.definition.end());
  }
  by_id_[layout.table_id] = &table;
}

void SqlRowWriter::plan(Table& table, const binlog::TableMap& map, const TargetTable& target) const {
  table.map = map;
  table.name = target::quote_identifier(map.database) + "." + target::quote_identifier(map.table);
  table.common = std::min(map.columns.size(), target.columns.size());
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    const bool in_both = i < table.common;
    table.columns.push_back(in_both ? SqlColumn::of(map.columns[i], target.columns[i])
                                    : SqlColumn::of(target.columns[i]));
    if (!table.columns.back().writable) continue;
    if (in_both) ++table.written;
    if (!in_both) table.has_own_columns = true;
  }
  const bool key_is_common =
      std::all_of(target.key.begin(), target.key.end(), [&table](std::size_t i) { return i < table.common; });
  if (key_is_common) table.key = target.key;
  // A removal that a new row of the same key follows must not reach further than its own row.
  table.any_order = !options_.in_order && !options_.replaces && !table.key.empty() && !target.has_foreign_keys &&
                    target.engine == "InnoDB";
}

SqlRowWriter::Table& SqlRowWriter::table_of(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("a row event uses table id {}, which no table map has introduced", id));
  }
  return *found->second;
}

void SqlRowWriter::enter(const Table& table, std::uint16_t flags, std::uint32_t timestamp) {
  // Defaults of the target's own may be the present time.
  const RowsSession session{static_cast<std::uint16_t>(flags & k_session_flags),
                            table.has_own_columns ? timestamp : session_.timestamp, session_.lenient};
  if (session == session_) return;
  finish_all();
  session_ = session;
}

void SqlRowWriter::add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const auto head = binlog::RowsHead::of(event);
  Table& table = table_of(head.table_id);
  enter(table, head.flags, event.header().timestamp);
  Bytes whole;
  if (event.type() == binlog::EventType::partial_update_rows) {
    whole = binlog::expand_partial_update(event, source, table.map);
  }
  Bytes scratch;
  const binlog::RowsEvent rows = binlog::RowsEvent::decode(
      whole.empty() ? event : binlog::EventView(whole, binlog::ChecksumAlgorithm::off), source, scratch);
  reader_.reset(rows, table.map);
  try {
    while (reader_.next()) add_row(table, rows, reader_);
  } catch (const Error& error) {
    if (error.code() == error_code::k_corrupt_event) throw;
    throw Error(error.code(), error.sqlstate(), fmt::format("table {}: {}", table.name, error.what()));
  }
  if (rows.ends_statement()) by_id_.clear();
}

void SqlRowWriter::add_row(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader) {
  // Not strictly, and then the row must be there as it is in the source.
  const bool lenient =
      rows.kind != RowsKind::remove &&
      std::any_of(reader.after().cells().begin(), reader.after().cells().end(), [&table](const binlog::Cell& cell) {
        return cell.column < table.common && is_empty_member(cell, table.columns[cell.column]);
      });
  if (lenient != session_.lenient) {
    finish_all();
    session_.lenient = lenient;
  }
  if (lenient) {
    add_in_order(table, rows, reader);
    finish_insert();
    return must_hold(table,
                     fmt::format("EXISTS (SELECT 1 FROM {}{})", table.name, where_exactly(table, reader.after())));
  }
  if (table.any_order) {
    if (!keeps_order_ && add_net(table, rows, reader)) return;
    finish_net(table);
  }
  add_in_order(table, rows, reader);
}

bool SqlRowWriter::is_whole(const Table& table, const RowImage& image) {
  std::size_t written = 0;
  for (const binlog::Cell& cell : image.cells()) {
    if (cell.column < table.common && table.columns[cell.column].writable) ++written;
  }
  return written == table.written;
}

bool SqlRowWriter::has_key(const Table& table, const RowImage& image) {
  return !table.key.empty() && std::all_of(table.key.begin(), table.key.end(), [&image](std::size_t column) {
    const binlog::Cell* const cell = image.find(column);
    return cell != nullptr && !cell->is_null;
  });
}

std::string SqlRowWriter::key_text(const Table& table, const RowImage& image) {
  std::string text;
  const bool several = table.key.size() > 1;
  for (const std::size_t column : table.key) {
    const binlog::Cell& cell = *image.find(column);
    if (!several) {
      append_sql_value(cell, table.columns[column], text);
    } else {
      text += text.empty() ? "(" : " AND ";
      append_sql_key_match(cell, table.columns[column], text);
    }
  }
  if (several) text += ')';
  return text;
}

std::string SqlRowWriter::row_text(const Table& table, const RowImage& image) {
  std::string text;
  text.reserve(image.raw().size() * 2);
  for (const binlog::Cell& cell : image.cells()) {
    if (cell.column >= table.common || !table.columns[cell.column].writable) continue;
    text += text.empty() ? '(' : ',';
    append_sql_value(cell, table.columns[cell.column], text);
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const SqlColumn& column = table.columns[i];
    if (column.implicit_default.empty() || (i < table.common && image.find(i) != nullptr)) continue;
    text += text.empty() ? '(' : ',';
    text += column.implicit_default;
  }
  text += text.empty() ? "()" : ")";
  return text;
}

/// Whether an INSERT of @p row alone does.
bool SqlRowWriter::fits(const Table& table, std::string_view row) const {
  if (options_.statement_limit == 0 || row.size() < options_.statement_limit / 2) return true;
  return insert_head(table, std::vector<bool>(table.common, true)).size() + row.size() <= options_.statement_limit;
}

bool SqlRowWriter::add_net(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader) {
  const RowImage& before = reader.before();
  const RowImage& after = reader.after();
  if (rows.kind != RowsKind::write && !has_key(table, before)) return false;
  // An update is a removal and a new row, for which all of the row must be known.
  if (rows.kind != RowsKind::remove && !(is_whole(table, after) && has_key(table, after))) return false;
  if (rows.kind == RowsKind::update && table.has_own_columns) return false;
  std::string row = rows.kind == RowsKind::remove ? std::string() : row_text(table, after);
  if (!fits(table, row)) return false;  // one that cannot be sent is an error of its event
  const bool is_first = table.net.empty();
  const std::size_t size_before = table.net.size();
  const auto add = [&] {
    switch (rows.kind) {
      case RowsKind::write:
        return table.net.add(key_text(table, after), std::move(row));
      case RowsKind::remove:
        return table.net.remove(key_text(table, before));
      case RowsKind::update:
        break;
    }
    const std::string old_key = key_text(table, before);
    const std::string new_key = key_text(table, after);
    if (old_key == new_key) return table.net.replace(old_key, std::move(row));
    if (!table.net.remove(old_key)) return false;
    if (table.net.add(new_key, std::move(row))) return true;
    // Undone, so that the row is not half changed: the server is to say what is wrong.
    finish_net(table);
    insert_in_order(table, after);
    return true;
  };
  if (!add()) return false;
  if (is_first && !table.net.empty()) changed_.push_back(&table);
  size_ += table.net.size() - std::min(size_before, table.net.size());
  return true;
}

void SqlRowWriter::add_in_order(Table& table, const binlog::RowsEvent& rows, const binlog::RowsReader& reader) {
  switch (rows.kind) {
    case RowsKind::write:
      return insert_in_order(table, reader.after());
    case RowsKind::update:
      return update_in_order(table, reader.before(), reader.after());
    case RowsKind::remove:
      return remove_in_order(table, reader.before());
  }
}

std::string SqlRowWriter::insert_head(const Table& table, const std::vector<bool>& columns) const {
  std::string list;
  const auto add = [&list](const SqlColumn& column) {
    if (!list.empty()) list += ',';
    list += column.name;
  };
  for (std::size_t i = 0; i < table.common; ++i) {
    if (columns[i] && table.columns[i].writable) add(table.columns[i]);
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].implicit_default.empty() && (i >= table.common || !columns[i])) add(table.columns[i]);
  }
  const bool replaces = options_.replaces && has_all_columns(table, columns);
  return fmt::format("{} INTO {} ({}) VALUES ", replaces ? "REPLACE" : "INSERT", table.name, list);
}

bool SqlRowWriter::has_all_columns(const Table& table, const std::vector<bool>& columns) {
  for (std::size_t i = 0; i < table.common; ++i) {
    if (table.columns[i].writable && !columns[i]) return false;
  }
  return true;
}

/// Where several rows are in the way of one that lacks columns, the server says so: 1062.
std::string SqlRowWriter::replacing_tail(const Table& table, const std::vector<bool>& columns) const {
  if (!options_.replaces || has_all_columns(table, columns)) return {};
  std::string assignments;
  const auto assign = [&assignments](const SqlColumn& column, const std::string& value) {
    assignments += fmt::format("{}{}={}", assignments.empty() ? " ON DUPLICATE KEY UPDATE " : ",", column.name, value);
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const SqlColumn& column = table.columns[i];
    if (i < table.common && columns[i] && column.writable) assign(column, "VALUES(" + column.name + ")");
    if (column.updates_itself && (i >= table.common || !columns[i])) assign(column, column.name);
  }
  return assignments;
}

void SqlRowWriter::insert_in_order(const Table& table, const RowImage& image) {
  std::vector<bool> columns(table.common);
  for (const binlog::Cell& cell : image.cells()) {
    if (cell.column < table.common) columns[cell.column] = true;
  }
  const std::string row = row_text(table, image);
  const bool joins = insert_.table == &table && insert_.columns == columns &&
                     insert_.sql.size() + row.size() < options_.statement_bytes;
  if (!joins) {
    finish_insert();
    insert_.table = &table;
    insert_.sql = insert_head(table, columns);
    insert_.columns = std::move(columns);
  } else {
    insert_.sql += ',';
  }
  insert_.sql += row;
  size_ += row.size();
}

std::string SqlRowWriter::where(const Table& table, const RowImage& image) {
  if (!has_key(table, image)) return where_exactly(table, image);
  std::string text;
  for (const std::size_t column : table.key) {
    text += text.empty() ? " WHERE " : " AND ";
    append_sql_key_match(*image.find(column), table.columns[column], text);
  }
  return text;
}

std::string SqlRowWriter::where_exactly(const Table& table, const RowImage& image) {
  std::string text;
  for (const binlog::Cell& cell : image.cells()) {
    if (cell.column >= table.common) continue;
    text += text.empty() ? " WHERE " : " AND ";
    append_sql_exact_match(cell, table.columns[cell.column], text);
  }
  return text + " LIMIT 1";
}

void SqlRowWriter::update_in_order(const Table& table, const RowImage& before, const RowImage& after) {
  finish_insert();
  std::string assignments;
  const auto assign = [&](const SqlColumn& column) {
    if (!assignments.empty()) assignments += ',';
    assignments += column.name;
    assignments += '=';
  };
  for (const binlog::Cell& cell : after.cells()) {
    if (cell.column >= table.common || !table.columns[cell.column].writable) continue;
    assign(table.columns[cell.column]);
    append_sql_value(cell, table.columns[cell.column], assignments);
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const SqlColumn& column = table.columns[i];
    if (!column.updates_itself || (i < table.common && after.find(i) != nullptr)) continue;
    assign(column);
    assignments += column.name;
  }
  const std::string found = where(table, before);
  if (!assignments.empty()) {
    add_statement(table, fmt::format("UPDATE {} SET {}{}", table.name, assignments, found));
  }
  // A row that is as it is to be already was not changed either.
  must_hold(table, fmt::format("{}EXISTS (SELECT 1 FROM {}{})", assignments.empty() ? "" : "ROW_COUNT() = 1 OR ",
                               table.name, found));
}

void SqlRowWriter::remove_in_order(const Table& table, const RowImage& before) {
  finish_insert();
  add_statement(table, fmt::format("DELETE FROM {}{}", table.name, where(table, before)));
  must_hold(table, "ROW_COUNT() = 1");
}

void SqlRowWriter::add_statement(const Table& table, std::string sql) {
  if (options_.statement_limit != 0 && sql.size() > options_.statement_limit) {
    throw Error(k_packet_too_large, "08S01",
                fmt::format("a row of table {} needs a statement of {} bytes: set max_allowed_packet on the target to "
                            "more, and start the applier again",
                            table.name, sql.size()));
  }
  size_ += k_statement_memory + sql.size();
  finished_.push_back({std::move(sql), session_, depends_on_});
}

void SqlRowWriter::must_hold(const Table& table, std::string_view condition) {
  // As the servers say it of a row event.
  const std::string message = text_in_literal(fmt::format("Can't find record in '{}'", table.map.table));
  if (target_.mariadb) {
    add_statement(table, fmt::format("IF NOT ({}) THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {}, MESSAGE_TEXT = "
                                     "'{}'; END IF",
                                     condition, k_row_not_found, message));
  } else {
    add_statement(table, fmt::format("SELECT UUID_TO_BIN(IF({},'00000000-0000-0000-0000-000000000000','{}{}'))",
                                     condition, k_missing_row, message));
  }
}

void SqlRowWriter::finish_insert() {
  if (insert_.table == nullptr) return;
  const Table& table = *insert_.table;
  size_ -= std::min(size_, insert_.sql.size());
  insert_.sql += replacing_tail(table, insert_.columns);
  add_statement(table, std::move(insert_.sql));
  insert_ = {};
}

void SqlRowWriter::remove_all(const Table& table, const std::vector<std::string_view>& keys) {
  const bool several = table.key.size() > 1;
  const std::size_t most = several ? k_alternatives : k_keys_in_a_list;
  std::size_t at = 0;
  while (at < keys.size()) {
    std::string sql = fmt::format("DELETE FROM {} WHERE ", table.name);
    if (!several) sql += list_of(table.columns, table.key) + " IN (";
    std::size_t count = 0;
    while (at < keys.size() && count < most &&
           (count == 0 || sql.size() + keys[at].size() < options_.statement_bytes)) {
      if (count > 0) sql += several ? " OR " : ",";
      sql += keys[at++];
      ++count;
    }
    if (!several) sql += ')';
    add_statement(table, std::move(sql));
    must_hold(table, fmt::format("ROW_COUNT() = {}", count));
  }
}

void SqlRowWriter::finish_net(Table& table) {
  if (table.net.empty()) return;
  finish_insert();
  size_ -= std::min(size_, table.net.size());
  remove_all(table, table.net.removed());
  const std::string head = insert_head(table, std::vector<bool>(table.common, true));
  std::string sql;
  for (const std::string_view row : table.net.added()) {
    if (!sql.empty() && sql.size() + row.size() >= options_.statement_bytes)
      add_statement(table, std::exchange(sql, {}));
    if (sql.empty()) {
      sql = head;
    } else {
      sql += ',';
    }
    sql += row;
  }
  if (!sql.empty()) add_statement(table, std::move(sql));
  table.net.clear();
  std::erase(changed_, &table);
}

void SqlRowWriter::finish_all() {
  finish_insert();
  while (!changed_.empty()) finish_net(*changed_.front());
}

std::vector<RowsStatement> SqlRowWriter::take() {
  finish_all();
  size_ = 0;
  depends_on_ = 0;
  return std::exchange(finished_, {});
}

void SqlRowWriter::clear() {
  for (Table* const table : changed_) table->net.clear();
  changed_.clear();
  insert_ = {};
  finished_.clear();
  size_ = 0;
  depends_on_ = 0;
  by_id_.clear();
}

void SqlRowWriter::definitions_change(const std::vector<target::ObjectName>& /*objects*/) {
  finish_all();
  by_id_.clear();
  plans_.clear();
  tables_.forget();
}

std::optional<target::TargetError> missing_row_error(const target::TargetError& error) {
  const std::string_view message = error.what();
  const std::size_t at = message.find(k_missing_row);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view text = message.substr(at + k_missing_row.size());
  text = text.substr(0, text.rfind("' for function"));
  return target::TargetError(k_row_not_found, "HY000", std::string(text));
}

}  // namespace tributary::apply
