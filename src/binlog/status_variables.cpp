#include "tributary/binlog/statement_events.hpp"

#include "decode_support.hpp"

namespace tributary::binlog {
namespace {

/// Query_event::Query_event_status_vars (libs/mysql/binlog/event/statement_events.h); MariaDB's sql/log_event.h.
enum Code : std::uint8_t {
  k_flags2 = 0,
  k_sql_mode = 1,
  k_catalog_with_zero = 2,
  k_auto_increment = 3,
  k_charset = 4,
  k_time_zone = 5,
  k_catalog = 6,
  k_lc_time_names = 7,
  k_charset_database = 8,
  k_table_map_for_update = 9,
  k_master_data_written = 10,
  k_invoker = 11,
  k_updated_databases = 12,
  k_microseconds = 13,
  k_explicit_defaults_for_timestamp = 16,
  k_ddl_xid = 17,
  k_default_collation_for_utf8mb4 = 18,
  k_sql_require_primary_key = 19,
  k_default_table_encryption = 20,
  k_enable_cascade_triggers = 21,
  k_mariadb_microseconds = 128,
  k_mariadb_xid = 129,
  k_mariadb_gtid_flags3 = 130,
  k_mariadb_character_set_collations = 131
};

std::string short_text(ByteReader& reader) {
  const std::size_t length = reader.u8();
  return std::string(reader.text(length));
}

std::optional<std::vector<std::string>> read_updated_databases(ByteReader& reader) {
  static constexpr std::uint8_t k_most = 16;        // MAX_DBS_IN_EVENT_MTS
  static constexpr std::uint8_t k_over_most = 254;  // OVER_MAX_DBS_IN_EVENT_MTS
  const std::uint8_t count = reader.u8();
  if (count == k_over_most) return std::nullopt;
  if (count > k_most) throw_damaged(EventType::query, "it lists more databases than it can");
  std::vector<std::string> databases;
  for (std::uint8_t i = 0; i < count; ++i) databases.emplace_back(reader.null_terminated_text());
  return databases;
}

/// False for an unknown code.
bool read_variable(ByteReader& reader, std::uint8_t code, StatusVariables& variables) {
  switch (code) {
    case k_flags2:
      variables.flags2 = reader.u32();
      return true;
    case k_sql_mode:
      variables.sql_mode = reader.u64();
      return true;
    case k_catalog_with_zero:
      variables.catalog = short_text(reader);
      reader.skip(1);
      return true;
    case k_auto_increment: {
      StatusVariables::AutoIncrement value;
      value.increment = reader.u16();
      value.offset = reader.u16();
      variables.auto_increment = value;
      return true;
    }
    case k_charset: {
      StatusVariables::Charset value;
      value.client = reader.u16();
      value.collation_connection = reader.u16();
      value.collation_server = reader.u16();
      variables.charset = value;
      return true;
    }
    case k_time_zone:
      variables.time_zone = short_text(reader);
      return true;
    case k_catalog:
      variables.catalog = short_text(reader);
      return true;
    case k_lc_time_names:
      variables.lc_time_names = reader.u16();
      return true;
    case k_charset_database:
      variables.charset_database = reader.u16();
      return true;
    case k_table_map_for_update:
      variables.table_map_for_update = reader.u64();
      return true;
    case k_master_data_written:
      variables.master_data_written = reader.u32();
      return true;
    case k_invoker: {
      StatusVariables::Invoker value;
      value.user = short_text(reader);
      value.host = short_text(reader);
      variables.invoker = std::move(value);
      return true;
    }
    case k_updated_databases:
      variables.updated_databases = read_updated_databases(reader);
      return true;
    case k_microseconds:
    case k_mariadb_microseconds:
      variables.microseconds = reader.u24();
      return true;
    case k_explicit_defaults_for_timestamp:
      variables.explicit_defaults_for_timestamp = reader.u8() != 0;
      return true;
    case k_ddl_xid:
    case k_mariadb_xid:
      variables.ddl_xid = reader.u64();
      return true;
    case k_default_collation_for_utf8mb4:
      variables.default_collation_for_utf8mb4 = reader.u16();
      return true;
    case k_sql_require_primary_key:
      variables.sql_require_primary_key = reader.u8() != 0;
      return true;
    case k_default_table_encryption:
      variables.default_table_encryption = reader.u8() != 0;
      return true;
    case k_enable_cascade_triggers:
      variables.enable_cascade_triggers = reader.u8() != 0;
      return true;
    case k_mariadb_gtid_flags3: {
      static constexpr std::uint8_t k_ends_alter = 0x04 | 0x08;  // COMMIT or ROLLBACK ALTER
      variables.gtid_flags_extra = reader.u8();
      if ((*variables.gtid_flags_extra & k_ends_alter) != 0) variables.start_alter_seq_no = reader.u64();
      return true;
    }
    case k_mariadb_character_set_collations: {
      const std::size_t count = reader.u8();
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t default_collation = reader.u16();
        variables.character_set_collations.emplace_back(default_collation, reader.u16());
      }
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

StatusVariables StatusVariables::decode(ByteView block) {
  StatusVariables variables;
  ByteReader reader(block);
  while (!reader.at_end()) {
    const std::uint8_t code = reader.u8();
    if (!read_variable(reader, code, variables)) {
      // Nothing tells its length: the servers skip the rest of the block too.
      variables.unknown_code = code;
      break;
    }
  }
  return variables;
}

}  // namespace tributary::binlog
