#include "source_option.hpp"

#include <algorithm>
#include <array>

#include "scanner.hpp"

namespace tributary::admin {
namespace {

using enum SourceOption;
using Definition = SourceOptionDefinition;

/// MASTER_x or SOURCE_x (sql/sql_yacc.yy of MySQL 8.0 and MariaDB 11).
constexpr std::array k_prefixed{
    Definition{"HOST", host, OptionKind::text},
    Definition{"PORT", port, OptionKind::integer},
    Definition{"USER", user, OptionKind::text},
    Definition{"PASSWORD", password, OptionKind::text},
    Definition{"LOG_FILE", log_file, OptionKind::text},
    Definition{"LOG_POS", log_pos, OptionKind::integer},
    Definition{"AUTO_POSITION", auto_position, OptionKind::integer},
    Definition{"CONNECT_RETRY", connect_retry, OptionKind::integer},
    Definition{"RETRY_COUNT", retry_count, OptionKind::integer},
    Definition{"HEARTBEAT_PERIOD", heartbeat_period, OptionKind::seconds},
    Definition{"BIND"},
    Definition{"COMPRESSION_ALGORITHMS"},
    Definition{"CONNECTION_AUTO_FAILOVER"},
    Definition{"DELAY"},
    Definition{"DEMOTE_TO_REPLICA"},
    Definition{"DEMOTE_TO_SLAVE"},
    Definition{"PUBLIC_KEY_PATH"},
    Definition{"SSL"},
    Definition{"SSL_CA"},
    Definition{"SSL_CAPATH"},
    Definition{"SSL_CERT"},
    Definition{"SSL_CIPHER"},
    Definition{"SSL_CRL"},
    Definition{"SSL_CRLPATH"},
    Definition{"SSL_KEY"},
    Definition{"SSL_VERIFY_SERVER_CERT"},
    Definition{"TLS_CIPHERSUITES"},
    Definition{"TLS_VERSION"},
    Definition{"ZSTD_COMPRESSION_LEVEL"},
};

constexpr std::array k_plain{
    Definition{"MASTER_USE_GTID", use_gtid, OptionKind::gtid},
    Definition{"ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS"},
    Definition{"DO_DOMAIN_IDS"},
    Definition{"GET_MASTER_PUBLIC_KEY"},
    Definition{"GET_SOURCE_PUBLIC_KEY"},
    Definition{"GTID_ONLY"},
    Definition{"IGNORE_DOMAIN_IDS"},
    Definition{"IGNORE_SERVER_IDS"},
    Definition{"NETWORK_NAMESPACE"},
    Definition{"PRIVILEGE_CHECKS_USER"},
    Definition{"RELAY_LOG_FILE"},
    Definition{"RELAY_LOG_POS"},
    Definition{"REQUIRE_ROW_FORMAT"},
    Definition{"REQUIRE_TABLE_PRIMARY_KEY_CHECK"},
};

template <std::size_t N>
const Definition* find_in(const std::array<Definition, N>& table, std::string_view upper_name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Definition& definition) { return definition.name == upper_name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

const SourceOptionDefinition* find_source_option(std::string_view name) {
  static constexpr std::size_t k_prefix_length = 7;  // MASTER_, SOURCE_
  const std::string upper_name = to_upper(name);
  if (upper_name.starts_with("MASTER_") || upper_name.starts_with("SOURCE_")) {
    if (const auto* found = find_in(k_prefixed, std::string_view(upper_name).substr(k_prefix_length))) return found;
  }
  return find_in(k_plain, upper_name);
}

}  // namespace tributary::admin
