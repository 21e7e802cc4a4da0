#include "tolerance.hpp"

#include <utility>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/util/error.hpp"

#include "rows_split.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint16_t k_inconsistent = 3002;  // ER_INCONSISTENT_ERROR
/// Bytes of an event whose rows are tried all at once first. The servers' own are of binlog_row_event_max_size, 8 KiB,
/// unless one row is longer.
constexpr std::size_t k_most_at_once = std::size_t{64} << 10;

/// What row events do not fail with under slave_exec_mode=IDEMPOTENT: idempotent_error_code() of MySQL's
/// sql/log_event.cc and MariaDB's sql/log_event_server.cc, as the numbers that the servers give.
bool is_idempotent_error(std::uint16_t code) {
  switch (code) {
    case 1032:  // ER_KEY_NOT_FOUND
    case 1062:  // ER_DUP_ENTRY
    case 1169:  // ER_DUP_UNIQUE
    case 1216:  // ER_NO_REFERENCED_ROW
    case 1217:  // ER_ROW_IS_REFERENCED
    case 1451:  // ER_ROW_IS_REFERENCED_2
    case 1452:  // ER_NO_REFERENCED_ROW_2
    case 1586:  // ER_DUP_ENTRY_WITH_KEY_NAME
    case 1761:  // ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO
    case 1762:  // ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO
      return true;
    default:
      return false;
  }
}

/// MySQL does by itself, in this mode, what its replica does. Outside of BINLOG nothing depends on the mode.
constexpr const char* k_idempotent_session = "SET SESSION rbr_exec_mode = 'IDEMPOTENT';";
constexpr const char* k_strict_session = ";SET SESSION rbr_exec_mode = 'STRICT'";

void append_joined(std::string& statements, std::string statement) {
  if (statements.empty()) {
    statements = std::move(statement);
  } else {
    statements += ';';
    statements += statement;
  }
}

}  // namespace

bool Tolerance::skips(const target::TargetError& error, std::uint16_t expected) const {
  if (error.transient() || error.connection_lost()) return false;
  if (dynamic_cast<const target::NotRunError*>(&error) != nullptr) return false;
  return skipped_.contains(error.code()) ||
         (error.code() == k_inconsistent && expected != 0 && skipped_.contains(expected));
}

bool Tolerance::passes_row(const target::TargetError& error) const {
  return idempotent_ && is_idempotent_error(error.code());
}

bool Tolerance::may_pass_over(std::uint16_t code) const {
  return skipped_.contains(code) || (idempotent_ && is_idempotent_error(code));
}

std::optional<EventRows> take_apart(const binlog::EventView& event, const binlog::FormatDescription& source,
                                    const binlog::TableMap& table) {
  try {
    Bytes whole;
    if (event.type() == binlog::EventType::partial_update_rows) {
      whole = binlog::expand_partial_update(event, source, table);
    }
    Bytes scratch;
    const binlog::RowsEvent rows = binlog::RowsEvent::decode(
        whole.empty() ? event : binlog::EventView(whole, binlog::ChecksumAlgorithm::off), source, scratch);
    EventRows apart;
    apart.kind = rows.kind;
    apart.all = make_rows_event(event.header(), rows, rows.rows, false);
    binlog::RowsReader reader(rows, table);
    const std::uint8_t* const end = rows.rows.data() + rows.rows.size();
    while (reader.next()) {
      const ByteView row = current_row(reader);
      const bool last = row.data() + row.size() == end;
      apart.single.push_back(make_rows_event(event.header(), rows, row, last && rows.ends_statement()));
    }
    return apart;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void TolerantRows::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  TableMapEvent& kept = table_maps_[binlog::TableMapLayout::decode(event, source).table_id];
  kept.event.keep(event);
  kept.replacer_has_it = false;
}

void TolerantRows::replace(const binlog::EventView& event, const binlog::FormatDescription& source, TolerantRow& row) {
  TableMapEvent& map = table_maps_.at(binlog::RowsHead::of(event).table_id);
  try {
    if (!map.replacer_has_it) replacer_->add_table_map(map.event.view(), source);
    map.replacer_has_it = true;
    replacer_->add_rows(event, source);
    for (RowsStatement& statement : replacer_->take()) {
      row.session = statement.session;
      append_joined(row.replacing, statement.session ? std::move(statement.sql)
                                                     : k_idempotent_session + statement.sql + k_strict_session);
    }
  } catch (const target::TargetError&) {
    throw;
  } catch (const Error& error) {
    // Counts only where a row is in the way.
    row.why_not_replaced = error.what();
    replacer_->clear();
    for (auto& [id, other] : table_maps_) other.replacer_has_it = false;
  }
}

/// @return nullopt where the rows need several sessions, which those of one row never do.
std::optional<RowsStep> TolerantRows::step_of(const binlog::EventView& event, const binlog::FormatDescription& source,
                                              bool inserts) {
  RowsStep step;
  bool one_session = true;
  step.tolerant.emplace();
  writer_.add_rows(event, source);
  for (RowsStatement& statement : writer_.take()) {
    one_session = one_session && (step.sql.empty() || step.session == statement.session);
    step.session = statement.session;
    append_joined(step.sql, std::move(statement.sql));
  }
  if (!one_session) return std::nullopt;
  if (replacer_ != nullptr && inserts) replace(event, source, *step.tolerant);
  return step;
}

std::vector<RowsStep> TolerantRows::steps_of(const binlog::EventView& event, const binlog::FormatDescription& source,
                                             bool can_roll_back) {
  const auto without_checksum = [](const Bytes& raw) { return binlog::EventView(raw, binlog::ChecksumAlgorithm::off); };
  std::vector<RowsStep> steps;
  const auto map = table_maps_.find(binlog::RowsHead::of(event).table_id);
  std::optional<EventRows> apart;
  if (map != table_maps_.end()) {
    apart = take_apart(event, source, binlog::TableMap::decode(map->second.event.view(), source));
  }
  if (apart) {
    if (can_roll_back && apart->single.size() > 1 && apart->all.size() <= k_most_at_once) {
      std::optional<RowsStep> all = step_of(without_checksum(apart->all), source, false);
      if (all && all->sql.size() <= statement_limit_) {
        all->tolerant->tries_event = true;
        steps.push_back(std::move(*all));
      }
    }
    const bool inserts = apart->kind == binlog::RowsKind::write;
    for (const Bytes& row : apart->single) steps.push_back(step_of(without_checksum(row), source, inserts).value());
  } else {
    steps.push_back(step_of(event, source, false).value());
  }
  // An event without rows only ends its statement.
  std::erase_if(steps, [](const RowsStep& step) { return step.sql.empty(); });
  if (!steps.empty()) steps.front().tolerant->first_of_event = true;
  pass(event);
  return steps;
}

void TolerantRows::pass(const binlog::EventView& event) {
  if ((binlog::RowsHead::of(event).flags & binlog::rows_flag::k_statement_end) != 0) table_maps_.clear();
}

void TolerantRows::definitions_change(const std::vector<target::ObjectName>& objects) {
  table_maps_.clear();
  if (replacer_ != nullptr) replacer_->definitions_change(objects);
}

void TolerantRows::clear() {
  table_maps_.clear();
  if (replacer_ != nullptr) replacer_->clear();
}

}  // namespace tributary::apply
