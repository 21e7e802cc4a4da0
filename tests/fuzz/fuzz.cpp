#include "fuzz.hpp"

namespace tributary::fuzz {

binlog::FormatDescription description_of(std::uint8_t choice) {
  static constexpr std::size_t k_query_length = 13;
  static constexpr std::size_t k_execute_load_length = 26;
  if ((choice & 3) == 0) return binlog::FormatDescription::mariadb("10.11.6-MariaDB-log");
  binlog::FormatDescription description = binlog::FormatDescription::mariadb("10.11.6-MariaDB-log");
  description.server_version = (choice & 3) == 1 ? "9.7.0" : "5.6.51-log";
  description.post_header_lengths.resize((choice & 3) == 1 ? 42 : 35);
  description.post_header_lengths[1] = k_query_length;
  description.post_header_lengths[17] = k_execute_load_length;
  return description;
}

Bytes event_of(std::uint8_t type, ByteView body) {
  ByteWriter writer;
  binlog::EventHeader header;
  header.type = static_cast<binlog::EventType>(type);
  header.encode(writer);
  writer.bytes(body);
  Bytes event = writer.take();
  finish_event(event, binlog::ChecksumAlgorithm::off);
  return event;
}

}  // namespace tributary::fuzz
