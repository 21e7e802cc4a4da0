#include "dump_packet.hpp"

#include <fmt/core.h>

#include "tributary/util/printable.hpp"

#include "receive_error.hpp"

namespace tributary::source {
namespace {

// First bytes of packets (wire protocol 5.6).
constexpr std::uint8_t k_event = 0x00;
constexpr std::uint8_t k_end = 0xfe;
constexpr std::uint8_t k_error = 0xff;

[[noreturn]] void throw_error_of(ByteView payload) {
  static constexpr std::size_t k_sqlstate = 6;  // with its '#'
  std::uint16_t code = 0;
  std::string_view text;
  if (payload.size() > 2) {
    ByteReader reader(payload.subspan(1));
    code = reader.u16();
    text = reader.text(reader.remaining());
  }
  if (text.size() >= k_sqlstate && text.front() == '#') text.remove_prefix(k_sqlstate);
  switch (code) {
    case error_code::k_source_fatal_reading:
    case receive_code::k_malformed_gtid_set:
    case receive_code::k_same_id_connected:
      // The text of sql/rpl_replica.cc, handle_slave_io.
      throw ReceiveError(
          Remedy::give_up, code,
          fmt::format("Got fatal error {} from source when reading data from binary log: '{}'", code, printable(text)));
    default:
      throw ReceiveError(Remedy::reconnect, code,
                         fmt::format("Error reading packet from source: {} (server_errno={})", printable(text), code));
  }
}

}  // namespace

ByteView event_of(ByteView payload) {
  static constexpr std::size_t k_longest_end = 9;
  if (payload.empty()) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_malformed_packet, "Malformed packet from source (empty)");
  }
  const std::uint8_t first = payload.front();
  if (first == k_event) return payload.subspan(1);
  if (first == k_error) throw_error_of(payload);
  if (first == k_end && payload.size() < k_longest_end) {
    throw ReceiveError(Remedy::reconnect, receive_code::k_server_lost, "The source has ended the dump");
  }
  throw ReceiveError(Remedy::reconnect, receive_code::k_malformed_packet,
                     fmt::format("Malformed packet from source (first byte {})", first));
}

}  // namespace tributary::source
