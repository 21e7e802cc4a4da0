#include "event_interpreter.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "tributary/apply/event_statement.hpp"
#include "tributary/apply/statement_rewrite.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/statement_events.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "account_statement.hpp"
#include "axis_order.hpp"
#include "executable_comments.hpp"
#include "failure_text.hpp"
#include "ignored_constraints.hpp"
#include "partial_statement.hpp"

namespace tributary::apply {
namespace {

using binlog::BoundaryState;
using binlog::EventType;

constexpr std::uint16_t k_incident = 1590;  // ER_SLAVE_INCIDENT

bool alters_database(std::string_view statement, const SqlDialect& dialect) {
  SqlTokenizer tokenizer(statement, dialect);
  if (!tokenizer.next().is("ALTER")) return false;
  const SqlToken kind = tokenizer.next();
  return kind.is("DATABASE") || kind.is("SCHEMA");
}

/// "10.11.19-MariaDB-log" gives 101119.
std::uint32_t version_number(std::string_view version) {
  std::uint32_t number = 0;
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int part = 0; part < 3; ++part) {
    std::uint32_t value = 0;
    const auto result = std::from_chars(at, end, value);
    number = number * 100 + std::min(value, 99U);
    at = result.ptr != end && *result.ptr == '.' ? result.ptr + 1 : end;
  }
  return number;
}

bool is_own(const target::ObjectName& object) {
  return object.kind == target::ObjectKind::table && is_own_table(object.database, object.name);
}

}  // namespace

EventInterpreter::EventInterpreter(relay::RelayLog& log, TransactionHandler& handler, const SqlDialect& target,
                                   std::string_view gtid_position,
                                   const std::vector<target::PreparedTransaction>& prepared)
    : log_(log), handler_(handler), target_(target) {
  for (const target::PreparedTransaction& one : prepared) prepared_.emplace(one.xid.to_sql(), one);
  if (gtid_position.find(':') != std::string_view::npos) {
    mysql_position_ = gtid::MysqlGtidSet::parse(gtid_position);
  } else {
    mariadb_position_ = gtid::MariadbGtidPosition::parse(gtid_position);
  }
}

const std::string& EventInterpreter::source_file(std::uint64_t file_number) {
  if (source_file_number_ != file_number) {
    const auto record = log_.file(file_number);
    source_file_name_ = record ? record->source_file_name : std::string();
    source_file_number_ = file_number;
  }
  return source_file_name_;
}

std::string EventInterpreter::source_place(const relay::RelayPosition& position) {
  return fmt::format("{}:{}", source_file(position.file_number), position.offset);
}

target::Checkpoint EventInterpreter::checkpoint() {
  target::Checkpoint checkpoint;
  checkpoint.position = applied_end_;
  checkpoint.source_file = applied_source_file_;
  checkpoint.source_offset = applied_end_.offset;
  checkpoint.gtid = mysql_position_.empty() ? mariadb_position_.to_string() : mysql_position_.to_string();
  checkpoint.source_timestamp = applied_timestamp_;
  for (const auto& [xid, prepared] : prepared_) {
    if (prepared.applied) continue;
    checkpoint.needed_from =
        std::min(checkpoint.needed_from.value_or(prepared.begin.file_number), prepared.begin.file_number);
  }
  return checkpoint;
}

void EventInterpreter::refuse(const binlog::EventView& view, const relay::RelayPosition& start, std::string_view why) {
  throw Error(error_code::k_replica_fatal,
              fmt::format("Fatal error: cannot execute the {} event (type {}) at {}, relay file {}: {}",
                          binlog::event_type_name(view.type()), static_cast<unsigned>(view.type()), source_place(start),
                          log_.path_of(start.file_number).filename().string(), why));
}

void EventInterpreter::feed(const relay::RelayEvent& event, const binlog::FormatDescription& description) {
  const binlog::EventView view(event.raw, description.checksum);
  const bool was_inside = in_transaction();
  BoundaryState state = BoundaryState::outside;
  try {
    state = boundary_.feed(view, description);
  } catch (const Error& error) {
    throw Error(error.code(), error.sqlstate(), fmt::format("{} ({})", error.what(), source_place(event.start)));
  }
  if (source_version_ == 0 || view.type() == EventType::format_description) {
    note_source(description);
    // The source was stopped hard in the middle of its writing.
    if (was_inside && !in_transaction()) {
      prepares_ = false;
      handler_.on_abandoned();
    }
  }
  if (view.type() == EventType::format_description && description.created != 0) handler_.on_source_restarted();
  if (!was_inside) skips_ = std::exchange(skips_next_, false);
  if (state == BoundaryState::begins || state == BoundaryState::single) begin_transaction(event, view);
  if (!skips_) interpret(event, view, description);
  if (state == BoundaryState::ends || state == BoundaryState::single) end_transaction(event);
}

void EventInterpreter::note_source(const binlog::FormatDescription& description) {
  from_mariadb_ = description.is_mariadb();
  source_version_ = version_number(description.server_version);
}

void EventInterpreter::begin_transaction(const relay::RelayEvent& event, const binlog::EventView& view) {
  transaction_ = {};
  transaction_.begin = event.start;
  transaction_.source_file = source_file(event.start.file_number);
  transaction_.timestamp = view.header().timestamp;
  mariadb_gtid_.reset();
  mysql_gtid_.reset();
  rolled_back_ = false;
  statement_has_no_effect_ = false;
  prepares_ = false;
  prepares_by_statements_ = false;
  own_tables_.clear();
  load_files_.clear();
  pending_ = {};
  switch (view.type()) {
    case EventType::mariadb_gtid: {
      const auto gtid = binlog::MariadbGtidEvent::decode(view);
      mariadb_gtid_ = gtid.gtid;
      transaction_.gtid = gtid.gtid.to_string();
      prepares_ = gtid.has(binlog::MariadbGtidEvent::k_prepared_xa);  // it stands for XA START
      // A DDL has the flag neither way that counts here.
      transaction_.can_roll_back =
          gtid.has(binlog::MariadbGtidEvent::k_transactional) || gtid.has(binlog::MariadbGtidEvent::k_ddl);
      statement_has_no_effect_ = gtid.has_extra(binlog::MariadbGtidEvent::k_start_alter) ||
                                 gtid.has_extra(binlog::MariadbGtidEvent::k_rollback_alter);
      if (gtid.commit_id) transaction_.clock = LogicalClock{0, 0, *gtid.commit_id};
      break;
    }
    case EventType::gtid:
    case EventType::gtid_tagged: {
      const auto gtid = binlog::MysqlGtidEvent::decode(view);
      mysql_gtid_ = gtid.gtid;
      transaction_.gtid = gtid.gtid.to_string();
      note_clock(gtid);
      break;
    }
    case EventType::anonymous_gtid:
      note_clock(binlog::MysqlGtidEvent::decode(view));
      break;
    default:
      break;
  }
  handler_.on_begin(transaction_);
}

void EventInterpreter::note_clock(const binlog::MysqlGtidEvent& gtid) {
  if (!gtid.last_committed || !gtid.sequence_number) return;
  // 0: the source gives the transaction no place (SEQ_UNINIT, sql/binlog.h).
  if (*gtid.sequence_number > 0) transaction_.clock = LogicalClock{*gtid.last_committed, *gtid.sequence_number, 0};
}

void EventInterpreter::end_transaction(const relay::RelayEvent& event) {
  if (mariadb_gtid_) mariadb_position_.update(*mariadb_gtid_);
  if (mysql_gtid_) mysql_position_.add(*mysql_gtid_);
  applied_end_ = event.end;
  applied_source_file_ = transaction_.source_file;
  applied_timestamp_ = transaction_.timestamp;
  handler_.on_end(rolled_back_);
}

void EventInterpreter::interpret(const relay::RelayEvent& event, const binlog::EventView& view,
                                 const binlog::FormatDescription& description) {
  if (prepares_ && view.type() != EventType::xa_prepare && view.type() != EventType::transaction_payload) {
    return note_prepared_statement(view, description);
  }
  switch (view.type()) {
    // Known, and without effect on data.
    case EventType::format_description:
    case EventType::rotate:
    case EventType::stop:
    case EventType::heartbeat:
    case EventType::heartbeat_v2:
    case EventType::ignorable:
    case EventType::rows_query:
    case EventType::transaction_context:
    case EventType::view_change:
    case EventType::mariadb_annotate_rows:
    case EventType::mariadb_binlog_checkpoint:
    case EventType::mariadb_start_encryption:  // a dump is in clear text
    // Decoded where the transaction begins.
    case EventType::mariadb_gtid:
    case EventType::gtid:
    case EventType::gtid_tagged:
    case EventType::anonymous_gtid:
    case EventType::xid:
      return;
    case EventType::mariadb_gtid_list:
      return on_gtid_list(view);
    case EventType::previous_gtids:
      // What a file says stood before it was applied, or the channel was begun behind it.
      mysql_position_.add(binlog::decode_previous_gtids(view));
      return;
    case EventType::query:
    case EventType::mariadb_query_compressed:
      return on_query(event, view, description);
    case EventType::intvar:
    case EventType::rand:
    case EventType::user_var:
      return on_helper(view);
    case EventType::table_map:
      return on_table_map(view, description);
    case EventType::partial_update_rows:
      return on_rows(event, view, description);
    case EventType::incident: {
      const auto incident = binlog::IncidentEvent::decode(view);
      throw Error(k_incident,
                  fmt::format("The incident {} occurred on the source. Message: {} ({})",
                              incident.incident == binlog::IncidentEvent::k_lost_events ? "LOST_EVENTS" : "NONE",
                              incident.message, source_place(event.start)));
    }
    case EventType::xa_prepare:
      return on_xa_prepare(event, view);
    case EventType::begin_load_query:
      // Its reader could not find them in there; MySQL compresses no statements.
      if (in_payload_) refuse(view, event.start, "it stands in a compressed transaction");
      load_files_[binlog::LoadBlockEvent::decode(view).file_id] = event.start;
      return;
    case EventType::append_block:
      return;  // read when the statement runs
    case EventType::delete_file:
      load_files_.erase(binlog::decode_delete_file(view));
      pending_ = {};
      return;
    case EventType::execute_load_query:
      return on_load_data(event, view, description);
    case EventType::transaction_payload:
      return on_payload(event, view, description);
    default:
      break;
  }
  if (binlog::is_rows_event(view.type())) return on_rows(event, view, description);
  // MySQL's rule for events of the future: only those marked so may be passed over.
  if (!view.header().has_flag(binlog::event_flag::k_ignorable))
    refuse(view, event.start, "the event type is not known");
}

void EventInterpreter::on_gtid_list(const binlog::EventView& view) {
  // What a file says stood before it is what we stand at: needed for domains in which nothing has come since.
  const gtid::MariadbGtidPosition position = binlog::GtidListEvent::decode(view).position();
  for (const auto& [domain, gtid] : position.domains()) {
    if (!mariadb_position_.find(domain)) mariadb_position_.update(gtid);
  }
}

void EventInterpreter::on_helper(const binlog::EventView& view) {
  switch (view.type()) {
    case EventType::intvar: {
      const auto intvar = binlog::IntvarEvent::decode(view);
      (intvar.kind == binlog::IntvarKind::insert_id ? pending_.insert_id : pending_.last_insert_id) = intvar.value;
      break;
    }
    case EventType::rand:
      pending_.rand = binlog::RandEvent::decode(view);
      break;
    default:
      pending_.user_variables.push_back(binlog::UserVarEvent::decode(view));
      break;
  }
}

void EventInterpreter::on_table_map(const binlog::EventView& view, const binlog::FormatDescription& description) {
  const auto layout = binlog::TableMapLayout::decode(view, description);
  const auto known = std::find(own_tables_.begin(), own_tables_.end(), layout.table_id);
  if (is_own_table(layout.database, layout.table)) {
    if (known == own_tables_.end()) own_tables_.push_back(layout.table_id);
    tell_skipped(fmt::format("changes of {}.{}", layout.database, layout.table));
    return;
  }
  if (known != own_tables_.end()) own_tables_.erase(known);
  handler_.on_table_map(view, description);
}

void EventInterpreter::on_rows(const relay::RelayEvent& event, const binlog::EventView& view,
                               const binlog::FormatDescription& description) {
  const std::uint64_t table_id = binlog::RowsHead::of(view).table_id;
  if (std::find(own_tables_.begin(), own_tables_.end(), table_id) != own_tables_.end()) return;
  handler_.on_rows(place_of(event, view), view, description);
}

bool EventInterpreter::skips_own(const relay::RelayEvent& event, const binlog::EventView& view,
                                 const binlog::QueryEvent& query, const StatementScan& scan,
                                 const SqlDialect& dialect) {
  static constexpr const char* k_refusal =
      "it is about Tributary's own tables in the schema `tributary`, which each target has for itself, together with "
      "something else";
  if (scan.kind == StatementKind::ddl) {
    const auto is_schema = [](const target::ObjectName& object) {
      return object.kind == target::ObjectKind::database && is_own_schema(object.name);
    };
    if (std::any_of(scan.objects.begin(), scan.objects.end(), is_schema)) {
      if (scan.effect != DdlEffect::create) refuse(view, event.start, "it would change or drop Tributary's own schema");
    } else if (std::none_of(scan.objects.begin(), scan.objects.end(), is_own)) {
      return false;
    } else if (!std::all_of(scan.objects.begin(), scan.objects.end(), is_own)) {
      refuse(view, event.start, k_refusal);
    }
  } else if (scan.kind != StatementKind::dml || !names_own_table(query.query, query.database, dialect)) {
    return false;
  } else if (!scan.changes_one_table || !is_own(scan.objects.front())) {
    refuse(view, event.start, k_refusal);
  }
  tell_skipped(fmt::format("'{}'", statement_excerpt(query.query)));
  return true;
}

void EventInterpreter::tell_skipped(const std::string& what) {
  if (std::exchange(told_skipped_, true)) return;
  log(LogLevel::info,
      "{}: {} and the like are passed over: the tables of an upstream Tributary (applier_checkpoint, ddl_intent, "
      "schema_version, xa_prepared in the schema `tributary`) are its own",
      source_place(transaction_.begin), what);
}

SqlDialect EventInterpreter::dialect_of(const binlog::QueryEvent& query) const {
  SqlDialect dialect = SqlDialect::of_session(query.status.sql_mode.value_or(0),
                                              query.status.charset ? query.status.charset->client : std::uint16_t{0});
  dialect.mariadb = target_.mariadb;
  dialect.server_version = target_.server_version;
  return dialect;
}

SqlDialect EventInterpreter::source_dialect_of(const binlog::QueryEvent& query) const {
  SqlDialect dialect = dialect_of(query);
  dialect.mariadb = from_mariadb_;
  dialect.server_version = source_version_;
  return dialect;
}

void EventInterpreter::on_query(const relay::RelayEvent& event, const binlog::EventView& view,
                                const binlog::FormatDescription& description) {
  tell_statement(event, view, binlog::QueryEvent::decode(view, description), std::nullopt);
}

void EventInterpreter::on_load_data(const relay::RelayEvent& event, const binlog::EventView& view,
                                    const binlog::FormatDescription& description) {
  auto load = binlog::ExecuteLoadQueryEvent::decode(view, description);
  const auto file = load_files_.find(load.file_id);
  if (file == load_files_.end()) {
    refuse(view, event.start, fmt::format("the blocks of its file {} are missing", load.file_id));
  }
  LoadDataFile content;
  content.log = &log_;
  content.begin = file->second;
  content.file_id = load.file_id;
  content.duplicates = load.duplicates;
  load_files_.erase(file);
  // As the servers' own replicas put the name of their spool there, but for LOCAL (Execute_load_query_log_event).
  static constexpr std::string_view k_duplicates[] = {"", " IGNORE", " REPLACE"};
  load.query.query.replace(load.file_name_start, load.file_name_end - load.file_name_start,
                           fmt::format(" LOCAL INFILE '{}'{} INTO", k_load_data_file,
                                       k_duplicates[static_cast<std::size_t>(load.duplicates)]));
  tell_statement(event, view, std::move(load.query), content);
}

void EventInterpreter::tell_statement(const relay::RelayEvent& event, const binlog::EventView& view,
                                      binlog::QueryEvent query, const std::optional<LoadDataFile>& load_data) {
  const SqlDialect dialect = dialect_of(query);
  const SqlDialect source_dialect = source_dialect_of(query);
  query.query = with_comments_of_source(std::move(query.query), source_dialect, dialect);
  SourceStatement statement;
  statement.place = place_of(event, view);
  statement.transaction = transaction_;
  statement.scan = scan_statement(query.query, query.database, dialect);
  statement.context = std::exchange(pending_, {});
  if (statement_has_no_effect_ || skips_own(event, view, query, statement.scan, dialect)) return;
  const bool other_order = has_axis_order(source_dialect) != has_axis_order(dialect);
  if (other_order) statement.axis_order = axis_order_use(query.query, dialect);
  if (statement.axis_order == AxisOrderUse::certain) {
    refuse(
        view, event.start,
        fmt::format("'{}' gives an SRID with a geometry's text or WKB: MySQL 8.0 and later take the coordinates in the "
                    "order of the reference system, which for 4326 is latitude first, other servers always x first. "
                    "Do by hand what it does, and go on behind it with CHANGE MASTER; with binlog_format=ROW on the "
                    "source changes of rows arrive as they are",
                    statement_excerpt(query.query)));
  }
  statement.context.timestamp = view.header().timestamp;
  statement.context.status = std::move(query.status);
  statement.context.database = std::move(query.database);
  // The flag is mysqlbinlog's: a replica is in the event's database, and ALTER DATABASE without a name changes that.
  statement.context.use_database =
      !view.header().has_flag(binlog::event_flag::k_suppress_use) || alters_database(query.query, dialect);
  statement.context.thread_id = query.thread_id;
  statement.context.thread_specific = view.header().has_flag(binlog::event_flag::k_thread_specific);
  statement.context.server_id = view.header().server_id;
  statement.context.from_mariadb = from_mariadb_;
  statement.context.source_version = source_version_;
  statement.context.defines =
      statement.scan.kind == StatementKind::ddl || statement.scan.kind == StatementKind::temporary_table;
  statement.dialect = dialect;
  statement.text = std::move(query.query);
  statement.expected_error = query.error_code;
  statement.load_data = load_data;
  on_statement(std::move(statement), event, view, dialect);
}

void EventInterpreter::translate_password(SourceStatement& statement, const binlog::EventView& view,
                                          const relay::RelayPosition& start, const SqlDialect& dialect) {
  static constexpr std::uint32_t k_mysql_takes_clear_text = 80000;
  if (target_.mariadb || (!from_mariadb_ && source_version_ >= k_mysql_takes_clear_text)) return;
  auto text = with_password_as_hash(statement.text, dialect);
  if (!text) {
    refuse(view, start,
           "a SET PASSWORD that does not give a hash of mysql_native_password would set another password on MySQL; set "
           "it there by hand, and go on behind the statement with CHANGE MASTER");
  }
  statement.text = std::move(*text);
}

void EventInterpreter::on_statement(SourceStatement statement, const relay::RelayEvent& event,
                                    const binlog::EventView& view, const SqlDialect& dialect) {
  if (statement.context.defines) {
    statement.text = without_ignored_constraints(statement.text, dialect,
                                                 IgnoredConstraints::of_server(from_mariadb_, source_version_));
  }
  switch (statement.scan.kind) {
    case StatementKind::empty:
    case StatementKind::begin:
    case StatementKind::commit:
      return;
    case StatementKind::rollback:
      rolled_back_ = true;
      return;
    case StatementKind::xa:
      return on_xa_statement(event, view, statement.text, dialect);
    case StatementKind::dml:
    case StatementKind::savepoint:
    case StatementKind::temporary_table:
      return handler_.on_statement(std::move(statement));
    case StatementKind::ddl:
      break;
  }
  if (statement.scan.names_current_user && statement.scan.effect == DdlEffect::unknown &&
      statement.context.status.invoker) {
    refuse(view, event.start,
           "it names CURRENT_USER, which is another account in the target; name the account on the source");
  }
  if (const std::size_t at = definer_place(statement.text, dialect);
      at != std::string::npos && statement.context.status.invoker) {
    const auto& invoker = *statement.context.status.invoker;
    statement.text.insert(at, fmt::format("DEFINER={}@{} ", target::quote_identifier(invoker.user),
                                          target::quote_identifier(invoker.host)));
  }
  translate_password(statement, view, event.start, dialect);
  statement.text = disable_event_on_replica(statement.text, dialect);
  if (!from_mariadb_) statement.text = without_start_transaction(statement.text, dialect);
  if (!complete_partial_statement(statement)) {
    refuse(
        view, event.start,
        fmt::format("the source has executed a part of '{}' (error {}), which MySQL executes wholly or not at all: do "
                    "by hand what was done, and go on behind it with CHANGE MASTER",
                    statement_excerpt(statement.text), statement.expected_error));
  }
  handler_.on_ddl(std::move(statement));
}

}  // namespace tributary::apply
