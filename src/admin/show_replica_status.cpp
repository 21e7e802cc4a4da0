#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include <fmt/core.h>

#include "tributary/util/time.hpp"

#include "channel_selection.hpp"

namespace tributary::admin {
namespace {

using channel::ChannelStatus;
using Cell = std::optional<std::string>;
using Link = state::SourceLinkRecord;
using enum wire::ColumnType;

/// What the values of one row are taken from.
struct RowSource {
  const ChannelStatus& status;
  const Execution& execution;
  bool new_names = false;  ///< SHOW REPLICA STATUS
};

Cell number(std::uint64_t value) {
  return fmt::format("{}", value);
}
Cell empty(const RowSource&) {
  return "";
}
Cell zero(const RowSource&) {
  return "0";
}
/// Not counted here: better unknown than wrong.
Cell unknown(const RowSource&) {
  return std::nullopt;
}

bool receiver_runs(const RowSource& row) {
  return row.status.receiver.state != source::ReceiverState::stopped;
}

Cell io_state(const RowSource& row) {
  return receiver_runs(row) ? row.status.receiver.stage : "";
}

Cell io_running(const RowSource& row) {
  switch (row.status.receiver.state) {
    case source::ReceiverState::running:
      return "Yes";
    case source::ReceiverState::connecting:
      return "Connecting";
    case source::ReceiverState::stopped:
      break;
  }
  return "No";
}

/// A transaction that is being received counts while it is, and no more once the receiver has stopped in its middle.
bool shows_reading(const RowSource& row) {
  return receiver_runs(row) && !row.status.receiver.read_file.empty();
}

Cell received_file(const RowSource& row) {
  if (shows_reading(row)) return row.status.receiver.read_file;
  const std::string& stored = row.status.received.source_file_name;
  return stored.empty() ? row.status.config.log_file : stored;
}

Cell received_position(const RowSource& row) {
  if (shows_reading(row)) return number(row.status.receiver.read_position);
  const auto& received = row.status.received;
  return number(received.source_file_name.empty() ? row.status.config.log_pos : received.offset);
}

Cell applied_file(const RowSource& row) {
  const std::string& applied = row.status.applied.source_file;
  return applied.empty() ? row.status.config.log_file : applied;
}

Cell applied_position(const RowSource& row) {
  const auto& applied = row.status.applied;
  return number(applied.source_file.empty() ? row.status.config.log_pos : applied.source_offset);
}

Cell sql_state(const RowSource& row) {
  const apply::ApplierStatus& applier = row.status.applier;
  if (applier.running && applier.delayed_until && !row.new_names) {
    return "Waiting until MASTER_DELAY seconds after master executed event";
  }
  if (applier.running) return applier.stage;
  return row.status.target_configured ? "" : "Not applying: the daemon was started without --target";
}

Cell io_errno(const RowSource& row) {
  static constexpr std::uint64_t k_relay_log_unusable = 1872;  // ER_REPLICA_RLI_INIT_REPOSITORY
  if (row.status.receiver.error_code == 0 && !row.status.relay_log_error.empty()) return number(k_relay_log_unusable);
  return number(row.status.receiver.error_code);
}

Cell io_error(const RowSource& row) {
  const auto& receiver = row.status.receiver;
  return receiver.error_code == 0 ? row.status.relay_log_error : receiver.error_message;
}

/// "YYMMDD hh:mm:ss" in local time, as the server prints it.
Cell timestamp(std::int64_t at) {
  if (at == 0) return "";
  const std::time_t instant = at;
  std::tm parts{};
  localtime_r(&instant, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%y%m%d %H:%M:%S", &parts);
  return std::string(text.data(), length);
}

Cell using_gtid(const RowSource& row) {
  const std::string& mode = row.status.config.gtid_mode;
  return mode == "slave_pos" ? "Slave_Pos" : mode == "current_pos" ? "Current_Pos" : "No";
}

Cell sql_errno(const RowSource& row) {
  return number(row.status.applier.error_code);
}
Cell sql_error(const RowSource& row) {
  return row.status.applier.error_message;
}
Cell source_host(const RowSource& row) {
  return row.status.config.host;
}
Cell name_of(const RowSource& row) {
  return row.status.config.name;
}
/// The members of a MySQL GTID set stand in lines of their own.
std::string in_lines(const std::string& gtids) {
  if (gtids.find(':') == std::string::npos) return gtids;
  std::string result;
  for (const char c : gtids) {
    result += c;
    if (c == ',') result += '\n';
  }
  return result;
}
Cell received_gtid(const RowSource& row) {
  return in_lines(row.status.receiver.gtid_io_pos);
}
Cell applied_gtid(const RowSource& row) {
  const auto& applied = row.status.applied;
  return in_lines(applied.position.file_number == 0 ? row.status.config.start_gtid : applied.gtid);
}

template <std::string state::SourceLinkRecord::*Member>
Cell link_text(const RowSource& row) {
  return row.status.config.link.*Member;
}
template <bool state::SourceLinkRecord::*Member>
Cell link_yes(const RowSource& row) {
  return row.status.config.link.*Member ? "Yes" : "No";
}
template <bool state::SourceLinkRecord::*Member>
Cell link_number(const RowSource& row) {
  return row.status.config.link.*Member ? "1" : "0";
}
Cell seconds_behind(const RowSource& row) {
  if (!row.status.seconds_behind) return std::nullopt;
  return fmt::format("{}", *row.status.seconds_behind);
}

Cell source_user(const RowSource& row) {
  return row.status.config.user;
}
Cell source_port(const RowSource& row) {
  return number(row.status.config.port);
}
Cell connect_retry(const RowSource& row) {
  return number(row.status.config.connect_retry);
}
Cell relay_file(const RowSource& row) {
  return row.status.relay_file_applying;
}
Cell relay_position(const RowSource& row) {
  return number(row.status.applied.position.offset);
}
Cell sql_running(const RowSource& row) {
  return row.status.applier.running ? "Yes" : "No";
}
Cell relay_space(const RowSource& row) {
  return number(row.status.relay_bytes);
}
Cell skip_counter(const RowSource& row) {
  return number(row.status.skip_counter);
}
Cell sql_delay(const RowSource& row) {
  return number(row.status.config.sql_delay);
}
Cell remaining_delay(const RowSource& row) {
  const auto& applier = row.status.applier;
  if (!applier.running || !applier.delayed_until) return std::nullopt;
  return number(static_cast<std::uint64_t>(std::max<std::int64_t>(0, *applier.delayed_until - unix_seconds())));
}
Cell until_condition(const RowSource& row) {
  using Kind = apply::Until::Kind;
  if (!row.status.until) return "None";
  const apply::Until& until = *row.status.until;
  switch (until.kind) {
    case Kind::source_position:
      return row.new_names ? "Source" : "Master";
    case Kind::relay_position:
      return "Relay";
    case Kind::before_gtids:
    case Kind::after_gtids:
      if (until.names_mariadb_gtids) return "Gtid";
      return until.kind == Kind::before_gtids ? "SQL_BEFORE_GTIDS" : "SQL_AFTER_GTIDS";
    case Kind::no_gaps:
      break;
  }
  return "SQL_AFTER_MTS_GAPS";
}
Cell until_file(const RowSource& row) {
  return row.status.until ? row.status.until->file : "";
}
Cell until_position(const RowSource& row) {
  return number(row.status.until ? row.status.until->position : 0);
}
Cell source_server_id(const RowSource& row) {
  return number(row.status.receiver.answers.server_id);
}
Cell source_uuid(const RowSource& row) {
  return row.status.receiver.answers.server_uuid;
}
Cell info_file(const RowSource& row) {
  return (row.execution.channels.defaults().datadir / "state.db").string();
}
Cell retry_count(const RowSource& row) {
  return number(row.status.config.retry_count);
}
Cell io_error_time(const RowSource& row) {
  return timestamp(row.status.receiver.error_at);
}
Cell sql_error_time(const RowSource& row) {
  return timestamp(row.status.applier.error_at);
}
Cell auto_position(const RowSource& row) {
  return row.status.config.gtid_mode == "auto_position" ? "1" : "0";
}

Cell heartbeats(const RowSource& row) {
  return number(row.status.receiver.heartbeats);
}
Cell heartbeat_period(const RowSource& row) {
  return fmt::format("{:.3f}", row.status.config.heartbeat_period);
}
Cell retried_transactions(const RowSource& row) {
  return number(row.status.applier.retries);
}
/// In MariaDB's words: transactions that do not conflict are applied side by side, and committed in order.
Cell parallel_mode(const RowSource& row) {
  return row.status.workers > 1 ? "conservative" : "none";
}

struct StatusColumn {
  std::string_view name;
  std::string_view new_name;  ///< since 8.0.22, where it differs
  wire::ColumnType type = var_string;
  std::uint32_t length = 0;
  Cell (*value)(const RowSource&) = empty;
};

/// MySQL 8.0, sql/rpl_replica.cc, show_slave_status_metadata; 5.7 ends after Master_TLS_Version.
// clang-format off
constexpr std::array k_mysql_columns{
    StatusColumn{"Slave_IO_State", "Replica_IO_State", var_string, 14, io_state},
    StatusColumn{"Master_Host", "Source_Host", var_string, 256, source_host},
    StatusColumn{"Master_User", "Source_User", var_string, 97, source_user},
    StatusColumn{"Master_Port", "Source_Port", long_int, 7, source_port},
    StatusColumn{"Connect_Retry", "", long_int, 10, connect_retry},
    StatusColumn{"Master_Log_File", "Source_Log_File", var_string, 512, received_file},
    StatusColumn{"Read_Master_Log_Pos", "Read_Source_Log_Pos", longlong, 10, received_position},
    StatusColumn{"Relay_Log_File", "", var_string, 512, relay_file},
    StatusColumn{"Relay_Log_Pos", "", longlong, 10, relay_position},
    StatusColumn{"Relay_Master_Log_File", "Relay_Source_Log_File", var_string, 512, applied_file},
    StatusColumn{"Slave_IO_Running", "Replica_IO_Running", var_string, 3, io_running},
    StatusColumn{"Slave_SQL_Running", "Replica_SQL_Running", var_string, 3, sql_running},
    StatusColumn{"Replicate_Do_DB", "", var_string, 20},
    StatusColumn{"Replicate_Ignore_DB", "", var_string, 20},
    StatusColumn{"Replicate_Do_Table", "", var_string, 20},
    StatusColumn{"Replicate_Ignore_Table", "", var_string, 23},
    StatusColumn{"Replicate_Wild_Do_Table", "", var_string, 24},
    StatusColumn{"Replicate_Wild_Ignore_Table", "", var_string, 28},
    StatusColumn{"Last_Errno", "", long_int, 4, sql_errno},
    StatusColumn{"Last_Error", "", var_string, 20, sql_error},
    StatusColumn{"Skip_Counter", "", long_int, 10, skip_counter},
    StatusColumn{"Exec_Master_Log_Pos", "Exec_Source_Log_Pos", longlong, 10, applied_position},
    StatusColumn{"Relay_Log_Space", "", longlong, 10, relay_space},
    StatusColumn{"Until_Condition", "", var_string, 6, until_condition},
    StatusColumn{"Until_Log_File", "", var_string, 512, until_file},
    StatusColumn{"Until_Log_Pos", "", longlong, 10, until_position},
    StatusColumn{"Master_SSL_Allowed", "Source_SSL_Allowed", var_string, 7, link_yes<&Link::ssl>},
    StatusColumn{"Master_SSL_CA_File", "Source_SSL_CA_File", var_string, 512, link_text<&Link::ssl_ca>},
    StatusColumn{"Master_SSL_CA_Path", "Source_SSL_CA_Path", var_string, 512, link_text<&Link::ssl_capath>},
    StatusColumn{"Master_SSL_Cert", "Source_SSL_Cert", var_string, 512, link_text<&Link::ssl_cert>},
    StatusColumn{"Master_SSL_Cipher", "Source_SSL_Cipher", var_string, 512, link_text<&Link::ssl_cipher>},
    StatusColumn{"Master_SSL_Key", "Source_SSL_Key", var_string, 512, link_text<&Link::ssl_key>},
    StatusColumn{"Seconds_Behind_Master", "Seconds_Behind_Source", longlong, 10, seconds_behind},
    StatusColumn{"Master_SSL_Verify_Server_Cert", "Source_SSL_Verify_Server_Cert", var_string, 3,
                 link_yes<&Link::ssl_verify_server_cert>},
    StatusColumn{"Last_IO_Errno", "", long_int, 4, io_errno},
    StatusColumn{"Last_IO_Error", "", var_string, 20, io_error},
    StatusColumn{"Last_SQL_Errno", "", long_int, 4, sql_errno},
    StatusColumn{"Last_SQL_Error", "", var_string, 20, sql_error},
    StatusColumn{"Replicate_Ignore_Server_Ids", "", var_string, 512},
    StatusColumn{"Master_Server_Id", "Source_Server_Id", long_int, 10, source_server_id},
    StatusColumn{"Master_UUID", "Source_UUID", var_string, 36, source_uuid},
    StatusColumn{"Master_Info_File", "Source_Info_File", var_string, 1024, info_file},
    StatusColumn{"SQL_Delay", "", long_int, 10, sql_delay},
    StatusColumn{"SQL_Remaining_Delay", "", long_int, 8, remaining_delay},
    StatusColumn{"Slave_SQL_Running_State", "Replica_SQL_Running_State", var_string, 20, sql_state},
    StatusColumn{"Master_Retry_Count", "Source_Retry_Count", longlong, 10, retry_count},
    StatusColumn{"Master_Bind", "Source_Bind", var_string, 256, link_text<&Link::bind>},
    StatusColumn{"Last_IO_Error_Timestamp", "", var_string, 20, io_error_time},
    StatusColumn{"Last_SQL_Error_Timestamp", "", var_string, 20, sql_error_time},
    StatusColumn{"Master_SSL_Crl", "Source_SSL_Crl", var_string, 512, link_text<&Link::ssl_crl>},
    StatusColumn{"Master_SSL_Crlpath", "Source_SSL_Crlpath", var_string, 512, link_text<&Link::ssl_crlpath>},
    StatusColumn{"Retrieved_Gtid_Set", "", var_string, 0, received_gtid},
    StatusColumn{"Executed_Gtid_Set", "", var_string, 0, applied_gtid},
    StatusColumn{"Auto_Position", "", long_int, 1, auto_position},
    StatusColumn{"Replicate_Rewrite_DB", "", var_string, 24},
    StatusColumn{"Channel_Name", "", var_string, 64, name_of},
    StatusColumn{"Master_TLS_Version", "Source_TLS_Version", var_string, 512, link_text<&Link::tls_version>},
    StatusColumn{"Master_public_key_path", "Source_public_key_path", var_string, 512, link_text<&Link::public_key_path>},
    StatusColumn{"Get_master_public_key", "Get_Source_public_key", long_int, 1, link_number<&Link::get_public_key>},
    StatusColumn{"Network_Namespace", "", var_string, 64},
};

/// MariaDB 10.11 puts two columns before MySQL's first forty, and goes on with its own.
constexpr std::size_t k_common_columns = 40;
constexpr std::array k_mariadb_first{
    StatusColumn{"Connection_name", "", var_string, 192, name_of},
    StatusColumn{"Slave_SQL_State", "", var_string, 30, sql_state},
};
constexpr std::array k_mariadb_last{
    StatusColumn{"Master_SSL_Crl", "", var_string, 512, link_text<&Link::ssl_crl>},
    StatusColumn{"Master_SSL_Crlpath", "", var_string, 512, link_text<&Link::ssl_crlpath>},
    StatusColumn{"Using_Gtid", "", var_string, 11, using_gtid},
    StatusColumn{"Gtid_IO_Pos", "", var_string, 30, received_gtid},
    StatusColumn{"Replicate_Do_Domain_Ids", "", var_string, 512},
    StatusColumn{"Replicate_Ignore_Domain_Ids", "", var_string, 512},
    StatusColumn{"Parallel_Mode", "", var_string, 12, parallel_mode},
    StatusColumn{"SQL_Delay", "", long_int, 10, sql_delay},
    StatusColumn{"SQL_Remaining_Delay", "", long_int, 8, remaining_delay},
    StatusColumn{"Slave_SQL_Running_State", "", var_string, 20, sql_state},
    StatusColumn{"Slave_DDL_Groups", "", longlong, 20, unknown},
    StatusColumn{"Slave_Non_Transactional_Groups", "", longlong, 20, unknown},
    StatusColumn{"Slave_Transactional_Groups", "", longlong, 20, unknown},
    StatusColumn{"Replicate_Rewrite_DB", "", var_string, 23},
    StatusColumn{"Retried_transactions", "", long_int, 10, retried_transactions},
    StatusColumn{"Max_relay_log_size", "", longlong, 10, zero},
    StatusColumn{"Executed_log_entries", "", long_int, 10, unknown},
    StatusColumn{"Slave_received_heartbeats", "", long_int, 10, heartbeats},
    StatusColumn{"Slave_heartbeat_period", "", double_precision, 10, heartbeat_period},
    StatusColumn{"Gtid_Slave_Pos", "", var_string, 0, applied_gtid},
};
// clang-format on

/// Where MariaDB gives a common column another length.
std::uint32_t mariadb_length(const StatusColumn& column) {
  if (column.name == "Slave_IO_State") return 30;
  if (column.name == "Master_Host") return 766;
  if (column.name == "Master_User") return 385;
  if (column.name == "Master_Server_Id") return 8;
  return column.length;
}

std::vector<StatusColumn> columns_of(const ShowReplicaStatus& statement) {
  if (!statement.all_slaves) return {k_mysql_columns.begin(), k_mysql_columns.end()};
  std::vector<StatusColumn> result(k_mariadb_first.begin(), k_mariadb_first.end());
  for (std::size_t i = 0; i < k_common_columns; ++i) {
    result.push_back(k_mysql_columns[i]);
    result.back().length = mariadb_length(k_mysql_columns[i]);
  }
  result.insert(result.end(), k_mariadb_last.begin(), k_mariadb_last.end());
  return result;
}

/// Without a name all channels are shown, as in MySQL; a channel without a source is none.
std::vector<ChannelStatus> shown_channels(const ChannelSelector& selector, const Execution& execution) {
  std::vector<ChannelPointer> channels;
  if (selector.kind == ChannelSelector::Kind::named) {
    channels = {find_channel(selector.name, execution)};
  } else {
    channels = execution.channels.all();
  }
  std::vector<ChannelStatus> result;
  for (const ChannelPointer& channel : channels) {
    if (channel) result.push_back(channel->status());
  }
  std::erase_if(result, [](const ChannelStatus& status) { return status.config.host.empty(); });
  return result;
}

}  // namespace

wire::StatementResult run(const ShowReplicaStatus& statement, Execution& execution) {
  const std::vector<StatusColumn> columns = columns_of(statement);
  const bool new_names = statement.vocabulary == Vocabulary::replica;
  wire::ResultSet result;
  for (const StatusColumn& column : columns) {
    const bool renamed = new_names && !column.new_name.empty();
    result.columns.push_back({std::string(renamed ? column.new_name : column.name), column.type, column.length,
                              column.type == long_int || column.type == longlong});
  }
  for (const ChannelStatus& status : shown_channels(statement.channel, execution)) {
    wire::ResultRow row;
    row.reserve(columns.size());
    for (const StatusColumn& column : columns) row.push_back(column.value({status, execution, new_names}));
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace tributary::admin
