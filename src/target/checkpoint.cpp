#include "tributary/target/checkpoint.hpp"

#include <fmt/core.h>

#include "row_values.hpp"
#include "schema.hpp"

namespace tributary::target {
namespace {

constexpr std::uint16_t k_data_too_long = 1406;  // ER_DATA_TOO_LONG
constexpr std::size_t k_max_statement_hash = 255;

}  // namespace

CheckpointStore::CheckpointStore(std::string channel_uuid, std::string channel)
    : key_(channel_key(channel_uuid, channel, " AND ")),
      channel_uuid_(std::move(channel_uuid)),
      channel_(lower_ascii(std::move(channel))) {}

void CheckpointStore::prepare(TargetConnection& connection) const {
  prepare_schema(connection);
}

std::optional<Checkpoint> CheckpointStore::load(TargetConnection& connection) const {
  const std::vector<Row> rows = connection.query(
      "SELECT relay_file_number, relay_offset, source_file, source_offset, gtid, source_timestamp"
      " FROM tributary.applier_checkpoint WHERE " +
      key_ + " ORDER BY relay_file_number DESC, relay_offset DESC LOCK IN SHARE MODE");
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  Checkpoint checkpoint;
  checkpoint.position.file_number = number_of<std::uint64_t>(row, 0);
  checkpoint.position.offset = number_of<std::uint64_t>(row, 1);
  checkpoint.source_file = row.at(2).value();
  checkpoint.source_offset = number_of<std::uint64_t>(row, 3);
  checkpoint.gtid = row.at(4).value();
  checkpoint.source_timestamp = number_of<std::uint32_t>(row, 5);
  return checkpoint;
}

std::string CheckpointStore::move_statement(std::uint32_t worker, const Checkpoint& to, bool if_strict) const {
  // The values stand there twice: VALUES() is deprecated in MySQL 8, and its replacement is unknown to MariaDB.
  const std::string values[] = {
      fmt::format("relay_file_number = {}", to.position.file_number),
      fmt::format("relay_offset = {}", to.position.offset),
      "source_file = " + hex_literal(to.source_file),
      fmt::format("source_offset = {}", to.source_offset),
      "gtid = " + hex_literal(to.gtid),
      fmt::format("source_timestamp = {}", to.source_timestamp),
      "updated_at = " + utc_now_literal(),
  };
  std::string assignments;
  for (const std::string& value : values) {
    if (!assignments.empty()) assignments += ", ";
    assignments += value;
  }
  // A statement of its own for that, with SIGNAL, would take as long as this one.
  const std::string number =
      if_strict ? fmt::format("IF(@@GLOBAL.slave_exec_mode = 'STRICT', {}, NULL)", worker) : fmt::format("{}", worker);
  return fmt::format(
      "INSERT INTO tributary.applier_checkpoint SET channel_uuid = {}, channel = {}, worker = {}, {}"
      " ON DUPLICATE KEY UPDATE {}",
      hex_literal(channel_uuid_), hex_literal(channel_), number, assignments, assignments);
}

std::optional<DdlIntent> CheckpointStore::load_intent(TargetConnection& connection) const {
  const std::vector<Row> rows = connection.query(
      "SELECT relay_file_number, relay_offset, statement_hash, fingerprint FROM tributary.ddl_intent WHERE " + key_ +
      " LOCK IN SHARE MODE");
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  DdlIntent intent;
  intent.statement.file_number = number_of<std::uint64_t>(row, 0);
  intent.statement.offset = number_of<std::uint64_t>(row, 1);
  intent.statement_hash = row.at(2).value();
  intent.fingerprint = row.at(3).value();
  return intent;
}

std::string CheckpointStore::intent_statement(const DdlIntent& intent) const {
  // With sql_mode '' the server would cut it and say nothing.
  if (intent.statement_hash.size() > k_max_statement_hash) {
    throw TargetError(k_data_too_long, "22001",
                      fmt::format("a statement hash of {} bytes; at most {} fit tributary.ddl_intent",
                                  intent.statement_hash.size(), k_max_statement_hash));
  }
  return fmt::format(
      "REPLACE INTO tributary.ddl_intent SET channel_uuid = {}, channel = {}, relay_file_number = {}, relay_offset = "
      "{},"
      " statement_hash = {}, fingerprint = {}, created_at = {}",
      hex_literal(channel_uuid_), hex_literal(channel_), intent.statement.file_number, intent.statement.offset,
      hex_literal(intent.statement_hash), hex_literal(intent.fingerprint), utc_now_literal());
}

std::string CheckpointStore::clear_intent_statement() const {
  return "DELETE FROM tributary.ddl_intent WHERE " + key_;
}

std::string CheckpointStore::lock_intents_statement() {
  // Not BEGIN: with sql_mode ORACLE that begins a block. The row is there from the schema's first step on.
  return "START TRANSACTION; SELECT version FROM tributary.schema_version WHERE version = 1 FOR UPDATE";
}

std::optional<OtherIntent> CheckpointStore::find_other_intent(TargetConnection& connection,
                                                              std::span<const ObjectName> objects) const {
  for (const Row& row : connection.query(
           "SELECT channel_uuid, channel, fingerprint FROM tributary.ddl_intent WHERE NOT (" + key_ + ")")) {
    OtherIntent other{row.at(0).value(), row.at(1).value(), row.at(2).value()};
    if (names_one_of(other.fingerprint, objects)) return other;
  }
  return std::nullopt;
}

void CheckpointStore::forget(TargetConnection& connection) const {
  connection.execute("BEGIN; DELETE FROM tributary.applier_checkpoint WHERE " + key_ +
                     "; DELETE FROM tributary.xa_prepared WHERE " + key_ + "; " + clear_intent_statement() +
                     "; COMMIT");
}

}  // namespace tributary::target
