#include "source_option.hpp"

#include <algorithm>
#include <array>

#include "scanner.hpp"

namespace tributary::admin {
namespace {

using enum SourceOption;
using Definition = SourceOptionDefinition;
using Link = state::SourceLinkRecord;

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
    Definition{"BIND", link_text, OptionKind::text, &Link::bind},
    Definition{"COMPRESSION_ALGORITHMS", compression_algorithms, OptionKind::text, &Link::compression_algorithms},
    Definition{"CONNECTION_AUTO_FAILOVER", refused, OptionKind::anything, nullptr, nullptr,
               "point the channel at another source with CHANGE MASTER"},
    Definition{"DELAY", delay, OptionKind::integer},
    Definition{"DEMOTE_TO_REPLICA"},
    Definition{"DEMOTE_TO_SLAVE"},
    Definition{"PUBLIC_KEY_PATH", link_text, OptionKind::text, &Link::public_key_path},
    Definition{"SSL", link_flag, OptionKind::integer, nullptr, &Link::ssl},
    Definition{"SSL_CA", link_text, OptionKind::text, &Link::ssl_ca},
    Definition{"SSL_CAPATH", link_text, OptionKind::text, &Link::ssl_capath},
    Definition{"SSL_CERT", link_text, OptionKind::text, &Link::ssl_cert},
    Definition{"SSL_CIPHER", link_text, OptionKind::text, &Link::ssl_cipher},
    Definition{"SSL_CRL", link_text, OptionKind::text, &Link::ssl_crl},
    Definition{"SSL_CRLPATH", link_text, OptionKind::text, &Link::ssl_crlpath},
    Definition{"SSL_KEY", link_text, OptionKind::text, &Link::ssl_key},
    Definition{"SSL_VERIFY_SERVER_CERT", link_flag, OptionKind::integer, nullptr, &Link::ssl_verify_server_cert},
    Definition{"TLS_CIPHERSUITES", refused, OptionKind::anything, nullptr, nullptr,
               "the client library has one list for all versions of TLS: MASTER_SSL_CIPHER"},
    Definition{"TLS_VERSION", tls_version, OptionKind::text, &Link::tls_version},
    Definition{"ZSTD_COMPRESSION_LEVEL", refused, OptionKind::anything, nullptr, nullptr,
               "the client library knows zlib alone"},
};

constexpr std::array k_plain{
    Definition{"MASTER_USE_GTID", use_gtid, OptionKind::gtid},
    Definition{"ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS"},
    Definition{"BATCH_BYTES", applier_setting, OptionKind::integer},
    Definition{"BATCH_ROWS", applier_setting, OptionKind::integer},
    Definition{"BATCH_TRANSACTIONS", applier_setting, OptionKind::integer},
    Definition{"DO_DOMAIN_IDS"},
    Definition{"GET_MASTER_PUBLIC_KEY", link_flag, OptionKind::integer, nullptr, &Link::get_public_key},
    Definition{"GET_SOURCE_PUBLIC_KEY", link_flag, OptionKind::integer, nullptr, &Link::get_public_key},
    Definition{"GTID_ONLY"},
    Definition{"GTID_PURGED", gtid_purged, OptionKind::text},
    Definition{"GTID_SLAVE_POS", gtid_slave_pos, OptionKind::text},
    Definition{"IGNORE_DOMAIN_IDS"},
    Definition{"IGNORE_SERVER_IDS"},
    Definition{"NETWORK_NAMESPACE", refused, OptionKind::anything, nullptr, nullptr,
               "start the daemon in that namespace"},
    Definition{"PRESERVE_GTIDS", applier_setting, OptionKind::integer},
    Definition{"PRIVILEGE_CHECKS_USER"},
    Definition{"RELAY_LOG_FILE", refused, OptionKind::anything, nullptr, nullptr,
               "a relay file has the source's own positions: use LOG_FILE and LOG_POS"},
    Definition{"RELAY_LOG_POS", refused, OptionKind::anything, nullptr, nullptr,
               "a relay file has the source's own positions: use LOG_FILE and LOG_POS"},
    Definition{"REQUIRE_ROW_FORMAT"},
    Definition{"REQUIRE_TABLE_PRIMARY_KEY_CHECK"},
    Definition{"ROW_WRITER", applier_setting, OptionKind::word},
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
