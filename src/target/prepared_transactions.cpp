#include "tributary/target/prepared_transactions.hpp"

#include <fmt/core.h>

#include "row_values.hpp"

namespace tributary::target {
namespace {

std::string xid_condition(const binlog::XaId& xid, std::string_view separator) {
  return fmt::format("gtrid = {}{}bqual = {}{}format_id = {}", hex_literal(xid.gtrid), separator,
                     hex_literal(xid.bqual), separator, xid.format_id);
}

}  // namespace

PreparedTransactionStore::PreparedTransactionStore(const std::string& channel_uuid, const std::string& channel)
    : key_(channel_key(channel_uuid, channel, " AND ")), assignments_(channel_key(channel_uuid, channel, ", ")) {}

std::vector<PreparedTransaction> PreparedTransactionStore::load(TargetConnection& connection) const {
  std::vector<PreparedTransaction> result;
  for (const Row& row :
       connection.query("SELECT gtrid, bqual, format_id, relay_file_number, relay_begin, relay_end, source_file, gtid,"
                        " applied FROM tributary.xa_prepared WHERE " +
                        key_ + " ORDER BY relay_file_number, relay_begin")) {
    PreparedTransaction& prepared = result.emplace_back();
    prepared.xid.gtrid = row.at(0).value();
    prepared.xid.bqual = row.at(1).value();
    prepared.xid.format_id = number_of<std::int32_t>(row, 2);
    prepared.begin.file_number = prepared.end.file_number = number_of<std::uint64_t>(row, 3);
    prepared.begin.offset = number_of<std::uint64_t>(row, 4);
    prepared.end.offset = number_of<std::uint64_t>(row, 5);
    prepared.source_file = row.at(6).value();
    prepared.gtid = row.at(7).value();
    prepared.applied = number_of<int>(row, 8) != 0;
  }
  return result;
}

std::string PreparedTransactionStore::remember_statement(const PreparedTransaction& prepared) const {
  return fmt::format(
      "REPLACE INTO tributary.xa_prepared SET {}, {}, relay_file_number = {}, relay_begin = {}, relay_end = {},"
      " source_file = {}, gtid = {}, applied = {}, prepared_at = {}",
      assignments_, xid_condition(prepared.xid, ", "), prepared.begin.file_number, prepared.begin.offset,
      prepared.end.offset, hex_literal(prepared.source_file), hex_literal(prepared.gtid), prepared.applied ? 1 : 0,
      utc_now_literal());
}

std::string PreparedTransactionStore::forget_statement(const binlog::XaId& xid) const {
  return fmt::format("DELETE FROM tributary.xa_prepared WHERE {} AND {}", key_, xid_condition(xid, " AND "));
}

void PreparedTransactionStore::forget_before(TargetConnection& connection, const relay::RelayPosition& start) const {
  connection.execute(
      fmt::format("DELETE FROM tributary.xa_prepared WHERE {} AND (relay_file_number, relay_begin) <"
                  " ({}, {})",
                  key_, start.file_number, start.offset));
}

}  // namespace tributary::target
