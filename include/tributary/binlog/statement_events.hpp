#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

// Decoders of the events that carry statements and their surroundings. Errors as in control_events.hpp.

/// Bits of StatusVariables::flags2: the session's OPTION_* bits (sql/sql_const.h, sql/sql_priv.h).
namespace query_flag {
inline constexpr std::uint32_t k_auto_is_null = 0x00004000;
inline constexpr std::uint32_t k_mariadb_no_check_constraint_checks = 0x00008000;
inline constexpr std::uint32_t k_not_autocommit = 0x00080000;
inline constexpr std::uint32_t k_mariadb_explicit_defaults_for_timestamp = 0x01000000;
inline constexpr std::uint32_t k_no_foreign_key_checks = 0x04000000;
inline constexpr std::uint32_t k_relaxed_unique_checks = 0x08000000;
inline constexpr std::uint32_t k_mariadb_if_exists = 0x10000000;
inline constexpr std::uint32_t k_mariadb_insert_history = 0x40000000;
}  // namespace query_flag

/// The session in which a statement was written (Q_* codes, binlog-format 4.1). nullopt: the event does not say.
struct StatusVariables {
  struct AutoIncrement {
    std::uint16_t increment = 1;
    std::uint16_t offset = 1;
  };
  struct Charset {  ///< collation ids
    std::uint16_t client = 0;
    std::uint16_t collation_connection = 0;
    std::uint16_t collation_server = 0;
  };
  struct Invoker {
    std::string user;
    std::string host;
  };

  std::optional<std::uint32_t> flags2;
  std::optional<std::uint64_t> sql_mode;
  std::optional<std::string> catalog;
  std::optional<AutoIncrement> auto_increment;
  std::optional<Charset> charset;
  std::optional<std::string> time_zone;
  std::optional<std::uint16_t> lc_time_names;
  std::optional<std::uint16_t> charset_database;
  std::optional<std::uint64_t> table_map_for_update;
  std::optional<std::uint32_t> master_data_written;
  std::optional<Invoker> invoker;
  /// MySQL: databases that the statement changes; nullopt also when there were too many to list.
  std::optional<std::vector<std::string>> updated_databases;
  std::optional<std::uint32_t> microseconds;  ///< of the event's timestamp; both servers' codes
  std::optional<bool> explicit_defaults_for_timestamp;
  std::optional<std::uint64_t> ddl_xid;  ///< both servers' codes
  std::optional<std::uint16_t> default_collation_for_utf8mb4;
  std::optional<bool> sql_require_primary_key;
  std::optional<bool> default_table_encryption;
  std::optional<bool> enable_cascade_triggers;
  std::optional<std::uint8_t> gtid_flags_extra;  ///< MariadbGtidEvent's flags_extra of a two-phase ALTER
  std::optional<std::uint64_t> start_alter_seq_no;
  /// MariaDB character_set_collations: (character set's default collation, collation used instead).
  std::vector<std::pair<std::uint16_t, std::uint16_t>> character_set_collations;
  /// A code that is not known; what followed it could not be read.
  std::optional<std::uint8_t> unknown_code;

  /// Decodes the block. Throws Error 1610 when a known variable is cut off.
  static StatusVariables decode(ByteView block);
};

/// QUERY and MariaDB's QUERY_COMPRESSED.
struct QueryEvent {
  std::uint32_t thread_id = 0;       ///< pseudo_thread_id: names the session's temporary tables
  std::uint32_t execution_time = 0;  ///< seconds
  std::uint16_t error_code = 0;      ///< != 0: failed in the source after a partial effect
  std::string database;              ///< default database, '' = none
  std::string query;                 ///< bytes in the charset status.charset->client
  StatusVariables status;

  static QueryEvent decode(const EventView& event, const FormatDescription& description);
};

enum class IntvarKind : std::uint8_t { last_insert_id = 1, insert_id = 2 };

struct IntvarEvent {
  IntvarKind kind = IntvarKind::insert_id;
  std::uint64_t value = 0;

  static IntvarEvent decode(const EventView& event);
};

struct RandEvent {
  std::uint64_t seed1 = 0;
  std::uint64_t seed2 = 0;

  static RandEvent decode(const EventView& event);
};

/// Item_result of the servers.
enum class UserVarType : std::uint8_t { string = 0, real = 1, integer = 2, row = 3, decimal = 4 };

/// A user variable that the following statement reads.
struct UserVarEvent {
  std::string name;  ///< any characters
  bool is_null = false;
  UserVarType type = UserVarType::string;
  std::uint32_t collation = 0;  ///< id, of string values
  /// real: 8 bytes of a double, little-endian; integer: 8 bytes, little-endian; decimal: precision, scale, packed
  /// digits (decimal_to_text); string: the bytes.
  std::string value;
  bool is_unsigned = false;
  std::string data_type_name;  ///< MariaDB 10.11 and later: "point", ...; '' = none

  static UserVarEvent decode(const EventView& event);
  /// The value with its type, as any session reads it alike: NULL, -5, CAST(5 AS UNSIGNED), CAST(12.34 AS
  /// DECIMAL(4,2)), 1.5e0, x'6162'. A string's character set and collation are the caller's to add (_utf8mb4 x'...'
  /// COLLATE ...): names need the target's tables.
  [[nodiscard]] std::string value_to_sql() const;  ///< throws Error 1610 when the value does not fit its type
};

/// BEGIN_LOAD_QUERY and APPEND_BLOCK: a piece of the file of a LOAD DATA. The first creates or empties the file.
struct LoadBlockEvent {
  std::uint32_t file_id = 0;
  ByteView block;  ///< borrowed from the event

  static LoadBlockEvent decode(const EventView& event);
};

/// DELETE_FILE: the LOAD DATA failed in the source; the file is not wanted.
std::uint32_t decode_delete_file(const EventView& event);

enum class LoadDuplicates : std::uint8_t { error = 0, ignore = 1, replace = 2 };

/// EXECUTE_LOAD_QUERY: in query.query, the bytes from file_name_start up to file_name_end (" INFILE '...' INTO") stand
/// for " LOCAL INFILE '<the blocks>' [REPLACE|IGNORE] INTO".
struct ExecuteLoadQueryEvent {
  QueryEvent query;
  std::uint32_t file_id = 0;
  std::uint32_t file_name_start = 0;  ///< start <= end <= query.query.size() is checked
  std::uint32_t file_name_end = 0;
  LoadDuplicates duplicates = LoadDuplicates::error;

  static ExecuteLoadQueryEvent decode(const EventView& event, const FormatDescription& description);
};

/// ROWS_QUERY and ANNOTATE_ROWS: the statement that the following row events came from; borrowed from the event.
std::string_view decode_rows_query(const EventView& event);

}  // namespace tributary::binlog
