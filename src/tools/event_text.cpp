#include "event_text.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/core.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/statement_events.hpp"
#include "tributary/util/printable.hpp"
#include "tributary/util/utc_text.hpp"

#include "row_listing.hpp"

namespace tributary::tools {
namespace {

using binlog::EventType;
using binlog::EventView;
using binlog::FormatDescription;
using binlog::MariadbGtidEvent;
using binlog::MysqlGtidEvent;
using binlog::StatusVariables;

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

/// "2026-11-20 17:21:54.027764"
std::string microseconds_text(std::uint64_t since_epoch) {
  return fmt::format("{}.{:06}", time_text(since_epoch / 1000000), since_epoch % 1000000);
}

std::string mysql_version_text(std::uint32_t number) {
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

EventText format_description_text(const EventView& event, const FormatDescription& description, bool verbose) {
  EventText text;
  const bool in_use = event.header().has_flag(binlog::event_flag::k_binlog_in_use);
  text.summary = fmt::format("server {}, checksum {}{}{}", printable(description.server_version),
                             description.checksum == binlog::ChecksumAlgorithm::crc32 ? "CRC32" : "NONE",
                             description.created != 0 ? ", first file after a server start" : "",
                             in_use ? ", in use or not closed" : "");
  if (!verbose) return text;
  text.details =
      fmt::format("#   binlog version {}, created {}, {} types, post-header lengths {}\n", description.binlog_version,
                  description.created, description.post_header_lengths.size(), to_hex(description.post_header_lengths));
  return text;
}

std::string mariadb_gtid_words(const MariadbGtidEvent& gtid) {
  std::vector<std::string> words;
  const auto flag = [&](std::uint8_t bit, const char* word) {
    if (gtid.has(bit)) words.emplace_back(word);
  };
  const auto extra = [&](std::uint8_t bit, const char* word) {
    if (gtid.has_extra(bit)) words.emplace_back(word);
  };
  flag(MariadbGtidEvent::k_standalone, "standalone");
  flag(MariadbGtidEvent::k_ddl, "ddl");
  flag(MariadbGtidEvent::k_transactional, "trans");
  flag(MariadbGtidEvent::k_waited, "waited");
  if (gtid.commit_id) words.push_back(fmt::format("cid={}", *gtid.commit_id));
  if (gtid.xid) {
    words.push_back(fmt::format("{} {}", gtid.has(MariadbGtidEvent::k_prepared_xa) ? "XA PREPARE" : "XA end of",
                                gtid.xid->to_sql()));
  }
  extra(MariadbGtidEvent::k_start_alter, "START ALTER");
  extra(MariadbGtidEvent::k_commit_alter, "COMMIT ALTER");
  extra(MariadbGtidEvent::k_rollback_alter, "ROLLBACK ALTER");
  if (gtid.start_alter_seq_no) words.push_back(fmt::format("start_alter={}", *gtid.start_alter_seq_no));
  if (gtid.extra_engines) words.push_back(fmt::format("engines={}", *gtid.extra_engines + 1));
  if (gtid.thread_id) words.push_back(fmt::format("thread_id={}", *gtid.thread_id));
  if (!gtid.has(MariadbGtidEvent::k_allow_parallel)) words.emplace_back("skip_parallel");
  return joined(words, " ");
}

EventText mysql_gtid_text(const EventView& event, bool verbose) {
  const auto gtid = MysqlGtidEvent::decode(event);
  EventText text;
  text.gtid = gtid.anonymous ? "ANONYMOUS" : gtid.gtid.to_string();
  std::vector<std::string> words;
  if (gtid.last_committed && gtid.sequence_number) {
    words.push_back(fmt::format("last_committed={} sequence_number={}", *gtid.last_committed, *gtid.sequence_number));
  }
  if ((gtid.flags & MysqlGtidEvent::k_may_have_statements) == 0) words.emplace_back("rbr_only");
  if (gtid.transaction_length) words.push_back(fmt::format("length={}", *gtid.transaction_length));
  text.summary = joined(words, " ");
  if (!verbose) return text;
  if (gtid.immediate_commit_timestamp && gtid.original_commit_timestamp) {
    text.details += fmt::format("#   committed {} (at the original source {})\n",
                                microseconds_text(*gtid.immediate_commit_timestamp),
                                microseconds_text(*gtid.original_commit_timestamp));
  }
  if (gtid.immediate_server_version && gtid.original_server_version) {
    text.details += fmt::format("#   server version {} (of the original source {})\n",
                                mysql_version_text(*gtid.immediate_server_version),
                                mysql_version_text(*gtid.original_server_version));
  }
  if (gtid.commit_group_ticket) text.details += fmt::format("#   commit group ticket {}\n", *gtid.commit_group_ticket);
  return text;
}

/// "#   name=value" for each variable that the event has, in a line.
std::string status_text(const StatusVariables& status) {
  std::vector<std::string> words;
  const auto number = [&words](const char* name, const auto& value) {
    if (value) words.push_back(fmt::format("{}={}", name, static_cast<std::uint64_t>(*value)));
  };
  const auto bits = [&words](const char* name, const auto& value) {
    if (value) words.push_back(fmt::format("{}={:#x}", name, *value));
  };
  const auto name = [&words](const char* word, const std::optional<std::string>& value) {
    if (value) words.push_back(fmt::format("{}={}", word, quoted(as_bytes(*value))));
  };
  bits("flags2", status.flags2);
  bits("sql_mode", status.sql_mode);
  name("catalog", status.catalog);
  if (status.auto_increment) {
    words.push_back(
        fmt::format("auto_increment={},{}", status.auto_increment->increment, status.auto_increment->offset));
  }
  if (status.charset) {
    words.push_back(fmt::format("charset={},{},{}", status.charset->client, status.charset->collation_connection,
                                status.charset->collation_server));
  }
  name("time_zone", status.time_zone);
  number("lc_time_names", status.lc_time_names);
  number("charset_database", status.charset_database);
  bits("table_map_for_update", status.table_map_for_update);
  number("master_data_written", status.master_data_written);
  if (status.invoker) {
    words.push_back(
        fmt::format("invoker={}@{}", quoted(as_bytes(status.invoker->user)), quoted(as_bytes(status.invoker->host))));
  }
  if (status.updated_databases) {
    std::vector<std::string> databases;
    for (const std::string& database : *status.updated_databases) databases.push_back(quoted(as_bytes(database)));
    words.push_back("updated_databases=" + joined(databases, ","));
  }
  number("microseconds", status.microseconds);
  number("explicit_defaults_for_timestamp", status.explicit_defaults_for_timestamp);
  number("ddl_xid", status.ddl_xid);
  number("default_collation_for_utf8mb4", status.default_collation_for_utf8mb4);
  number("sql_require_primary_key", status.sql_require_primary_key);
  number("default_table_encryption", status.default_table_encryption);
  number("enable_cascade_triggers", status.enable_cascade_triggers);
  bits("gtid_flags_extra", status.gtid_flags_extra);
  number("start_alter_seq_no", status.start_alter_seq_no);
  for (const auto& [from, to] : status.character_set_collations) {
    words.push_back(fmt::format("character_set_collation={}>{}", from, to));
  }
  number("unknown_code", status.unknown_code);
  return words.empty() ? "" : "#   " + joined(words, " ") + "\n";
}

EventText query_text(const EventView& event, const binlog::QueryEvent& query, const std::string& more, bool verbose) {
  EventText text;
  text.summary = fmt::format("{}{}{}", query.database.empty() ? "" : "[" + printable(query.database) + "] ", more,
                             excerpt(query.query));
  if (query.error_code != 0) text.summary += fmt::format(" (error {})", query.error_code);
  if (!verbose) return text;
  text.details = fmt::format("#   thread_id={} exec_time={} flags={:#06x}\n", query.thread_id, query.execution_time,
                             event.header().flags);
  text.details += status_text(query.status) + whole_statement(query.query, "#Q> ");
  return text;
}

EventText load_query_text(const EventView& event, const FormatDescription& description, bool verbose) {
  static constexpr const char* k_duplicates[] = {"ERROR", "IGNORE", "REPLACE"};
  const auto load = binlog::ExecuteLoadQueryEvent::decode(event, description);
  return query_text(event, load.query,
                    fmt::format("file_id={} file_name={}-{} duplicates={} ", load.file_id, load.file_name_start,
                                load.file_name_end, k_duplicates[static_cast<std::size_t>(load.duplicates)]),
                    verbose);
}

EventText user_variable_text(const EventView& event) {
  const auto variable = binlog::UserVarEvent::decode(event);
  const bool has_collation = !variable.is_null && variable.type == binlog::UserVarType::string;
  return {fmt::format("@`{}`={}{}{}", printable(variable.name), printable(variable.value_to_sql(), 256),
                      has_collation ? fmt::format(" collation={}", variable.collation) : "",
                      variable.data_type_name.empty() ? "" : " type=" + printable(variable.data_type_name)),
          "", ""};
}

EventText mariadb_gtid_text(const EventView& event) {
  const auto gtid = MariadbGtidEvent::decode(event);
  return {mariadb_gtid_words(gtid), "", gtid.gtid.to_string()};
}

std::string gtid_list_text(const EventView& event) {
  const auto list = binlog::GtidListEvent::decode(event);
  std::vector<std::string> gtids;
  for (const auto& gtid : list.gtids) gtids.push_back(gtid.to_string());
  return fmt::format("[{}]{}{}", joined(gtids, ","), list.until_reached ? " until_reached" : "",
                     list.ignore_gtids ? " ignore_gtids" : "");
}

std::string checkpoint_text(const EventView& event) {
  ByteReader reader(event.body());
  const std::size_t length = reader.u32();
  return printable(reader.text(length));
}

}  // namespace

std::string time_text(std::uint64_t seconds) {
  return utc_text(std::chrono::sys_seconds{std::chrono::seconds(seconds)});
}

std::string excerpt(std::string_view statement) {
  static constexpr std::size_t k_length = 100;
  std::string line(statement.substr(0, k_length + 1));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  return printable(line, k_length);
}

std::string whole_statement(std::string_view statement, std::string_view prefix) {
  std::string text;
  for (std::size_t at = 0; at <= statement.size();) {
    const std::size_t end = std::min(statement.find('\n', at), statement.size());
    const std::string_view line = statement.substr(at, end - at);
    text += fmt::format("{}{}\n", prefix, printable(line, line.size()));
    at = end + 1;
  }
  return text;
}

EventText event_text(const EventView& event, const FormatDescription& description, bool verbose) {
  switch (event.type()) {
    case EventType::format_description:
      return format_description_text(event, description, verbose);
    case EventType::rotate: {
      const auto rotate = binlog::RotateEvent::decode(event);
      return {fmt::format("to {} position {}", printable(rotate.next_file), rotate.position), "", ""};
    }
    case EventType::query:
    case EventType::mariadb_query_compressed:
      return query_text(event, binlog::QueryEvent::decode(event, description), "", verbose);
    case EventType::execute_load_query:
      return load_query_text(event, description, verbose);
    case EventType::begin_load_query:
    case EventType::append_block: {
      const auto block = binlog::LoadBlockEvent::decode(event);
      return {fmt::format("file_id={} {} bytes", block.file_id, block.block.size()), "", ""};
    }
    case EventType::delete_file:
      return {fmt::format("file_id={}", binlog::decode_delete_file(event)), "", ""};
    case EventType::intvar: {
      const auto intvar = binlog::IntvarEvent::decode(event);
      const bool last = intvar.kind == binlog::IntvarKind::last_insert_id;
      return {fmt::format("{}={}", last ? "LAST_INSERT_ID" : "INSERT_ID", intvar.value), "", ""};
    }
    case EventType::rand: {
      const auto rand = binlog::RandEvent::decode(event);
      return {fmt::format("rand_seed1={} rand_seed2={}", rand.seed1, rand.seed2), "", ""};
    }
    case EventType::user_var:
      return user_variable_text(event);
    case EventType::xid:
      return {fmt::format("COMMIT xid={}", binlog::decode_xid(event)), "", ""};
    case EventType::xa_prepare: {
      const auto prepare = binlog::XaPrepareEvent::decode(event);
      return {fmt::format("{} {}", prepare.one_phase ? "XA COMMIT ONE PHASE" : "XA PREPARE", prepare.xid.to_sql()), "",
              ""};
    }
    case EventType::incident: {
      const auto incident = binlog::IncidentEvent::decode(event);
      return {fmt::format("incident {}: {}", incident.incident, printable(incident.message)), "", ""};
    }
    case EventType::heartbeat:
    case EventType::heartbeat_v2: {
      const auto heartbeat = binlog::HeartbeatEvent::decode(event);
      return {fmt::format("{} position {}", printable(heartbeat.file), heartbeat.position), "", ""};
    }
    case EventType::rows_query:
    case EventType::mariadb_annotate_rows:
      return {excerpt(binlog::decode_rows_query(event)),
              verbose ? whole_statement(binlog::decode_rows_query(event), "#Q> ") : "", ""};
    case EventType::gtid:
    case EventType::anonymous_gtid:
    case EventType::gtid_tagged:
      return mysql_gtid_text(event, verbose);
    case EventType::previous_gtids:
      return {fmt::format("[{}]", binlog::decode_previous_gtids(event).to_string()), "", ""};
    case EventType::mariadb_gtid:
      return mariadb_gtid_text(event);
    case EventType::mariadb_gtid_list:
      return {gtid_list_text(event), "", ""};
    case EventType::mariadb_binlog_checkpoint:
      return {checkpoint_text(event), "", ""};
    case EventType::mariadb_start_encryption: {
      const auto start = binlog::StartEncryptionEvent::decode(event);
      return {fmt::format("scheme {} key_version {} nonce {}", start.scheme, start.key_version, to_hex(start.nonce)),
              "", ""};
    }
    default:
      return {event.body().empty() ? "" : fmt::format("{} bytes", event.body().size()), "", ""};
  }
}

}  // namespace tributary::tools
