#pragma once

#include <string>

#include "tributary/util/error.hpp"

namespace tributary::source {

/// What can be done about an error of the receiver's.
enum class Remedy {
  reconnect,  ///< another connection may do better
  give_up     ///< an administrator must act
};

/// An error of the connection to the source or of what came over it.
class ReceiveError : public Error {
 public:
  ReceiveError(Remedy remedy, std::uint16_t code, const std::string& message) : Error(code, message), remedy_(remedy) {}
  [[nodiscard]] Remedy remedy() const noexcept { return remedy_; }

 private:
  Remedy remedy_;
};

/// @throws ReceiveError 1593 always: no connection can do better. The texts are those of MySQL's sql/rpl_replica.cc.
[[noreturn]] inline void give_up(const std::string& why) {
  throw ReceiveError(Remedy::give_up, error_code::k_replica_fatal, "Fatal error: " + why);
}

/// Numbers of the client library (errmsg.h) and of servers that the receiver decides by.
namespace receive_code {
inline constexpr std::uint16_t k_cannot_resolve = 2005;         // CR_UNKNOWN_HOST
inline constexpr std::uint16_t k_server_lost = 2013;            // CR_SERVER_LOST
inline constexpr std::uint16_t k_malformed_packet = 2027;       // CR_MALFORMED_PACKET
inline constexpr std::uint16_t k_unknown_variable = 1193;       // ER_UNKNOWN_SYSTEM_VARIABLE
inline constexpr std::uint16_t k_malformed_gtid_set = 1773;     // ER_MALFORMED_GTID_SET_ENCODING
inline constexpr std::uint16_t k_source_command = 1597;         // ER_REPLICA_SOURCE_COM_FAILURE
inline constexpr std::uint16_t k_no_common_compression = 2066;  // CR_COMPRESSION_WRONGLY_CONFIGURED, errmsg.h of MySQL
inline constexpr std::uint16_t k_packet_too_large = 1153;       // ER_NET_PACKET_TOO_LARGE
inline constexpr std::uint16_t k_same_id_connected = 4052;      // MariaDB: another replica with our server_id
}  // namespace receive_code

}  // namespace tributary::source
