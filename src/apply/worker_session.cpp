#include "worker_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "tributary/apply/row_writer.hpp"
#include "tributary/apply/statement_rewrite.hpp"
#include "tributary/target/session.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"

#include "failure_text.hpp"
#include "preserved_gtids.hpp"
#include "sql_row_writer.hpp"

namespace tributary::apply {
namespace {

constexpr std::uint32_t k_fence_seconds = 5;
constexpr std::size_t k_packet_reserve = 1024;  // of max_allowed_packet, for what stands around a statement

}  // namespace

WorkerSession::WorkerSession(const ApplierOptions& options, const target::CheckpointStore& store, ToldOnce& told,
                             std::uint32_t worker)
    : options_(options),
      store_(store),
      told_(told),
      worker_(worker),
      collations_(told),
      source_time_zone_(options.channel) {}

void WorkerSession::connect(const std::stop_token& stop) {
  if (connected()) return;
  auto connection = std::make_unique<target::TargetConnection>(options_.target, stop);
  {
    const std::lock_guard lock(connection_mutex_);
    connection_ = std::move(connection);
  }
  rows_unprepared_ = true;
  temporary_tables_.clear();
  collations_.forget();
  source_time_zone_.forget();
  context_ = std::make_unique<SessionContext>(
      connection_->is_mariadb(), connection_->server_version_number(),
      [this](std::uint32_t id) { return collations_.of(*connection_, id); },
      [this] { return source_time_zone_.in(*connection_, source_settings()->time_zone); },
      [this] { return source_settings(); });
  try {
    const std::stop_callback on_stop(stop, [this] { interrupt(); });
    target::ApplierSessionOptions session;
    session.row_lock_wait_seconds = options_.row_lock_wait;
    target::prepare_applier_session(*connection_, session);
    const auto own = connection_->query("SELECT FIND_IN_SET('NO_DIR_IN_CREATE', @@GLOBAL.sql_mode)");
    context_->set_no_dir_in_create(own.at(0).at(0) != "0");
    prepare_for_rows();
    store_.fence(*connection_, worker_, k_fence_seconds, stop);
  } catch (...) {
    disconnect();
    throw;
  }
}

void WorkerSession::prepare_for_rows() {
  const BinlogRowWriter writer(connection_->server_version(), statement_limit());
  may_binlog_ = true;
  try {
    connection_->execute(writer.session_statement());
  } catch (const target::TargetError& error) {
    if (error.code() != error_code::k_specific_access_denied) throw;
    may_binlog_ = false;
  }
  rows_unprepared_ = false;
  if (connection_->is_mariadb()) return context_->set_may_replay(may_binlog_);
  // The description leaves GTID_NEXT undetermined, in which state nothing else runs, and GTID_NEXT can only be set
  // outside of a transaction. A description stays over errors and rollbacks.
  if (may_binlog_) connection_->execute("SET @@session.gtid_next = 'AUTOMATIC'");
  const auto setting = connection_->query("SELECT @@GLOBAL.enforce_gtid_consistency, @@GLOBAL.log_bin");
  one_engine_per_transaction_ = setting.at(0).at(0) == "ON" && setting.at(0).at(1) == "1";
}

std::shared_ptr<const SourceSettings> WorkerSession::source_settings() const {
  return options_.source_settings ? options_.source_settings() : std::make_shared<const SourceSettings>();
}

void WorkerSession::tell_differences(const StatementContext& statement) {
  if (!told_.first("differences of servers")) return;
  static constexpr std::uint32_t k_mysql_8 = 80000;
  const bool old_mysql = !statement.from_mariadb && statement.source_version < k_mysql_8;
  if (statement.from_mariadb != connection_->is_mariadb() || (old_mysql && !connection_->is_mariadb())) {
    log(LogLevel::warning,
        "channel '{}': the source logs statements that change rows, and some functions have other results in a server "
        "of another vendor or series: binlog_format=ROW is safe (docs/target.md, between MySQL and MariaDB)",
        options_.channel);
  }
  const auto settings = source_settings();
  const std::string_view packet = settings->variable("max_allowed_packet");
  std::uint64_t of_source = 0;
  std::from_chars(packet.data(), packet.data() + packet.size(), of_source);
  if (of_source > connection_->max_allowed_packet()) {
    log(LogLevel::warning,
        "channel '{}': the source's max_allowed_packet is {}, the target's {}: strings that statements make become "
        "NULL "
        "there when they are longer; set it as high in the target",
        options_.channel, of_source, connection_->max_allowed_packet());
  }
}

void WorkerSession::fence_former_workers(std::uint32_t workers, const std::stop_token& stop) {
  store_.fence_former_workers(*connection_, workers, k_fence_seconds, stop);
}

void WorkerSession::disconnect() {
  if (connected()) fenced_ = false;
  const std::lock_guard lock(connection_mutex_);
  connection_.reset();
  if (std::exchange(has_slot_, false)) options_.worker_slots->give_back();
}

bool WorkerSession::open(const std::stop_token& stop) noexcept {
  if (options_.worker_slots && !has_slot_) {
    if (!options_.worker_slots->try_take()) return false;
    has_slot_ = true;
  }
  try {
    connect(stop);
    return true;
  } catch (const std::exception& error) {
    disconnect();
    if (!stop.stop_requested() && !std::exchange(told_why_not_open_, true)) {
      log(LogLevel::warning, "channel '{}': worker {} cannot be used at present: {}", options_.channel, worker_,
          printable(error.what(), SIZE_MAX));
    }
    return false;
  }
}

void WorkerSession::close() noexcept {
  const bool was_fenced = fenced_;
  disconnect();
  fenced_ = was_fenced;
}

std::size_t WorkerSession::statement_limit() const {
  const std::uint64_t packet = connection_->max_allowed_packet();
  return packet > 2 * k_packet_reserve ? static_cast<std::size_t>(packet) - k_packet_reserve : k_packet_reserve;
}

void WorkerSession::drop_temporary_tables(const std::stop_token& stop) {
  if (temporary_tables_.any()) reconnect(stop);
}

void WorkerSession::reconnect(const std::stop_token& stop) {
  const bool had_slot = std::exchange(has_slot_, false);
  disconnect();
  has_slot_ = had_slot;
  connect(stop);
}

bool WorkerSession::finds_missing(const std::string& database) {
  try {
    execute("SET NAMES utf8mb4; USE " + target::quote_identifier(database));
    missing_databases_.erase(database);
  } catch (const target::TargetError& error) {
    if (error.code() != error_code::k_unknown_database) throw;
    missing_databases_.insert(database);
  }
  context_->forget();
  return missing_databases_.contains(database);
}

void WorkerSession::look_again_for(const std::string& database) {
  // Not by USE: the session may be one that is to stay without.
  if (!missing_databases_.contains(database)) return;
  const auto rows = connection_->query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
                                       target::text_literal(database));
  if (!rows.empty()) missing_databases_.erase(database);
}

void WorkerSession::execute(std::string_view sql) {
  try {
    connection_->execute(sql);
  } catch (const target::TargetError& error) {
    if (auto missing = missing_row_error(error)) throw std::move(*missing);
    throw;
  }
}

target::TargetConnection& WorkerSession::connection_for_names() {
  if (const std::string enter = context_->as_utf8(); !enter.empty()) execute(enter);
  return *connection_;
}

bool WorkerSession::take_rows_unprepared() {
  return std::exchange(rows_unprepared_, false);
}

bool WorkerSession::recover() noexcept {
  static constexpr std::string_view k_not_complete_rollback = "1196";  // ER_WARNING_NOT_COMPLETE_ROLLBACK
  if (!connected()) return false;
  try {
    // A routine may have switched warnings off, by which is told below what stays.
    connection_->execute(fmt::format("SET SESSION max_error_count = 1024{}; ROLLBACK",
                                     connection_->is_mariadb() ? "" : ", rbr_exec_mode = 'STRICT'"));
    context_->forget();
    rows_unprepared_ = connection_->is_mariadb();
    const auto warnings = connection_->query("SHOW WARNINGS");
    if (options_.preserve_gtids) connection_->execute(own_gtid_statement(connection_->is_mariadb()));
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const target::Row& row) { return row.size() > 1 && row[1] == k_not_complete_rollback; });
  } catch (const std::exception&) {
    disconnect();
    return false;
  }
}

void WorkerSession::interrupt() noexcept {
  const std::lock_guard lock(connection_mutex_);
  if (connection_) connection_->interrupt();
}

std::string WorkerSession::default_character_set_of(const SourceStatement& statement) {
  const auto literal = [](const std::string& text) {
    return "CONVERT(" + target::hex_literal(text) + " USING utf8mb4)";
  };
  const auto first = [this](const std::string& query) {
    const auto rows = connection_->query(query);
    return rows.empty() || rows.front().empty() ? std::string() : rows.front().front().value_or("");
  };
  // ALTER DATABASE without a name is about the default database.
  const target::ObjectName object =
      statement.scan.objects.empty() ? target::ObjectName{target::ObjectKind::database, {}, statement.context.database}
                                     : statement.scan.objects.front();
  const binlog::StatusVariables& status = statement.context.status;
  const bool creates =
      statement.scan.effect == DdlEffect::create || statement.scan.kind == StatementKind::temporary_table;
  if (object.kind == target::ObjectKind::database && creates) {
    return status.charset ? collations_.of(*connection_, status.charset->collation_server).character_set : "";
  }
  if (object.kind == target::ObjectKind::table && !creates) {
    // information_schema does not list temporary tables, and one hides another table of its name.
    if (temporary_tables_.any()) return character_set_with_temporary(object, statement.context.thread_id);
    return first(
        "SELECT c.CHARACTER_SET_NAME FROM information_schema.TABLES t JOIN information_schema.COLLATIONS c"
        " ON c.COLLATION_NAME = t.TABLE_COLLATION WHERE t.TABLE_SCHEMA = " +
        literal(object.database) + " AND t.TABLE_NAME = " + literal(object.name));
  }
  const std::string& database = object.kind == target::ObjectKind::database ? object.name : object.database;
  if (status.charset_database && database == statement.context.database) {
    return collations_.of(*connection_, *status.charset_database).character_set;
  }
  return first("SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
               literal(database));
}

std::string WorkerSession::character_set_with_temporary(const target::ObjectName& table, std::uint32_t thread_id) {
  // The statement's settings may be on their way: what is changed here is put back.
  const auto before = connection_->query("SELECT @@SESSION.pseudo_thread_id, @@SESSION.character_set_client").at(0);
  execute(fmt::format("SET SESSION pseudo_thread_id = {}, character_set_client = utf8mb4", thread_id));
  const auto rows = connection_->query("SHOW CREATE TABLE " + target::quote_identifier(table.database) + "." +
                                       target::quote_identifier(table.name));
  execute(fmt::format("SET SESSION pseudo_thread_id = {}, character_set_client = {}", before.at(0).value_or("0"),
                      before.at(1).value_or("utf8mb4")));
  return character_set_of_table(rows.at(0).at(1).value_or(""), {});
}

void WorkerSession::tell_of_axis_order(const SourceStatement& statement) {
  if (statement.axis_order != AxisOrderUse::possible || !told_.first("order of axes")) return;
  log(LogLevel::warning,
      "channel '{}': the result of a statement may differ in the target: MySQL 8 and other servers take the "
      "coordinates of geometries with a geographic SRID (4326) in different orders, and ST_GeomFromGeoJSON makes such "
      "a one in MySQL only; {}: '{}'. Use binlog_format=ROW on the source for such; others of this channel are not "
      "told",
      options_.channel, place_text(statement.transaction, statement.place), statement_excerpt(statement.text));
}

std::string WorkerSession::for_target(const SourceStatement& statement) {
  tell_of_axis_order(statement);
  SqlDialect dialect = SqlDialect::of_session(
      statement.context.status.sql_mode.value_or(0),
      statement.context.status.charset ? statement.context.status.charset->client : std::uint16_t{0});
  dialect.mariadb = connection_->is_mariadb();
  dialect.server_version = connection_->server_version_number();
  return with_collations(statement.text, dialect, [&](std::string_view name, const CollationPlace& place) {
    const auto default_character_set = [&] {
      return place.defines ? default_character_set_of(statement) : std::string("utf8mb4");
    };
    return collations_.instead_of(*connection_, name, place.character_set, default_character_set);
  });
}

}  // namespace tributary::apply
