#include "row_writer_choice.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "sql_obstacle.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_not_supported = 1235;  // ER_NOT_SUPPORTED_YET
constexpr std::size_t k_sql_statement_bytes = std::size_t{256} << 10;

constexpr const char* k_fast = "BINLOG is the fast way, and the account may use it";
constexpr const char* k_may_not = "the target's account may not run BINLOG statements (docs/target.md)";
constexpr const char* k_set = "ROW_WRITER is set to it";

}  // namespace

void TableWriterBoard::chosen(const TableName& table, const std::string& writer, const std::string& why) {
  const std::lock_guard lock(mutex_);
  TableWriter& known = tables_[table];
  known.database = table.first;
  known.table = table.second;
  known.writer = writer;
  known.why = why;
}

void TableWriterBoard::wrote(const TableName& table, std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  if (const auto known = tables_.find(table); known != tables_.end()) known->second.rows += rows;
}

std::vector<TableWriter> TableWriterBoard::tables() const {
  const std::lock_guard lock(mutex_);
  std::vector<TableWriter> tables;
  for (const auto& [name, table] : tables_) tables.push_back(table);
  return tables;
}

RowWriterChoice::Choice RowWriterChoice::of(const binlog::TableMap& map, const binlog::FormatDescription& source,
                                            TargetTables& tables) const {
  // What the mode BINLOG does not find, the server says.
  if (mode_ == RowWriterMode::binlog && !replaces_) return {false, k_set};
  if (binlog_always()) return {false, k_fast};
  const auto obstacle = sql_obstacle(map, tables.of({map.database, map.table}), source, target_);
  if (!obstacle || ((!may_binlog_ || replaces_) && !obstacle->absolute)) return {true, may_binlog_ ? k_set : k_may_not};
  if (replaces_) throw Error(k_not_supported, "42000", "plain SQL would not do: " + obstacle->why);
  if (may_binlog_) return {false, "plain SQL would not do: " + obstacle->why};
  throw Error(k_not_supported, "42000",
              fmt::format("table {}.{} cannot be written: {}, and plain SQL would not do: {}", map.database, map.table,
                          k_may_not, obstacle->why));
}

RowWriters::Chosen::Chosen(const RowWritersEnvironment& environment, RowWriter& binlog, SqlRowWriter& sql,
                           TargetTables& tables)
    : choice_(environment.mode, environment.may_binlog, environment.replaces, environment.target),
      binlog_(binlog),
      sql_(sql),
      tables_(tables),
      board_(environment.board) {}

RowWriters::Chosen::Table& RowWriters::Chosen::choose(const binlog::EventView& event,
                                                      const binlog::FormatDescription& source) {
  const auto layout = binlog::TableMapLayout::decode(event, source);
  Table& table = known_[{std::string(layout.database), std::string(layout.table)}];
  if (std::equal(table.definition.begin(), table.definition.end(), layout.definition.begin(),
                 layout.definition.end())) {
    return table;
  }
  table.map = binlog::TableMap::decode(event, source);
  table.name = {table.map.database, table.map.table};
  table.choice = choice_.of(table.map, source, tables_);
  table.definition.assign(layout.definition.begin(), layout.definition.end());
  if (board_ != nullptr) board_->chosen(table.name, table.choice.sql ? "SQL" : "BINLOG", table.choice.why);
  return table;
}

void RowWriters::Chosen::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  Table& table = choose(event, source);
  by_id_[binlog::TableMapLayout::decode(event, source).table_id] = &table;
  // A single event of a table whose rows are plain SQL may still be for the other one.
  if (choice_.may_binlog() || !table.choice.sql) binlog_.add_table_map(event, source);
  if (table.choice.sql) sql_.add_table_map(event, source);
}

void RowWriters::Chosen::use(RowWriter& writer) {
  if (used_ == &writer) return;
  if (used_ != nullptr) {
    finished_size_ += used_->size();
    std::vector<RowsStatement> statements = used_->take();
    std::move(statements.begin(), statements.end(), std::back_inserter(finished_));
  }
  used_ = &writer;
}

void RowWriters::Chosen::count_rows(Table& table, const binlog::EventView& event,
                                    const binlog::FormatDescription& source) {
  if (event.type() == binlog::EventType::partial_update_rows) {
    ++table.rows;
    return;
  }
  try {
    const auto rows = binlog::RowsEvent::decode(event, source, scratch_);
    reader_.reset(rows, table.map);
    while (reader_.next()) ++table.rows;
  } catch (const Error&) {
    // Of MariaDB's old temporal formats a table map does not tell the size; who writes them says what is damaged.
    ++table.rows;
  }
}

void RowWriters::Chosen::add_rows(const binlog::EventView& event, const binlog::FormatDescription& source) {
  const auto [id, flags] = binlog::RowsHead::of(event);
  const auto found = by_id_.find(id);
  const bool ends = (flags & binlog::rows_flag::k_statement_end) != 0;
  if (found == by_id_.end() && binlog::is_dummy_table_id(id) && !choice_.may_binlog()) {
    sql_.end_statement();
    by_id_.clear();
    return;
  }
  if (found != by_id_.end()) count_rows(*found->second, event, source);
  const bool as_sql = found != by_id_.end() && found->second->choice.sql &&
                      !(event.type() == binlog::EventType::partial_update_rows && choice_.may_binlog());
  if (as_sql) {
    use(sql_);
    sql_.add_rows(event, source);
  } else {
    use(binlog_);
    binlog_.add_rows(event, source);
    if (ends) sql_.end_statement();
  }
  if (ends) by_id_.clear();
}

void RowWriters::Chosen::depend_on(std::uint64_t batch) {
  binlog_.depend_on(batch);
  sql_.depend_on(batch);
}

void RowWriters::Chosen::keep_order(bool keeps) {
  binlog_.keep_order(keeps);
  sql_.keep_order(keeps);
}

std::size_t RowWriters::Chosen::size() const {
  return finished_size_ + (used_ == nullptr ? 0 : used_->size());
}

void RowWriters::Chosen::tell() {
  if (board_ == nullptr) return;
  for (auto& [name, table] : known_) {
    if (table.rows != 0) board_->wrote(name, std::exchange(table.rows, 0));
  }
}

std::vector<RowsStatement> RowWriters::Chosen::take() {
  if (used_ != nullptr) {
    std::vector<RowsStatement> statements = used_->take();
    std::move(statements.begin(), statements.end(), std::back_inserter(finished_));
  }
  used_ = nullptr;
  finished_size_ = 0;
  tell();
  return std::exchange(finished_, {});
}

void RowWriters::Chosen::clear() {
  binlog_.clear();
  sql_.clear();
  by_id_.clear();
  used_ = nullptr;
  finished_.clear();
  finished_size_ = 0;
}

void RowWriters::Chosen::definitions_change(const std::vector<target::ObjectName>& objects) {
  tell();
  known_.clear();
  by_id_.clear();
  binlog_.definitions_change(objects);
  if (!choice_.binlog_always()) sql_.definitions_change(objects);
}

RowWriters::RowWriters(const RowWritersEnvironment& environment)
    : tables_(environment.connect),
      columns_(
          [connect = environment.connect](const TableName& table) { return query_target_columns(connect(), table); }),
      binlog_(environment.server_version, environment.statement_limit),
      net_(environment.server_version, environment.statement_limit, binlog_, tables_),
      sql_(environment.target,
           {std::min(k_sql_statement_bytes, environment.statement_limit), environment.statement_limit,
            environment.in_order, environment.replaces},
           tables_),
      chosen_(environment,
              environment.mode == RowWriterMode::automatic && !environment.in_order ? static_cast<RowWriter&>(net_)
                                                                                    : binlog_,
              sql_, tables_),
      transcoder_(chosen_, environment.target, columns_) {}

}  // namespace tributary::apply
