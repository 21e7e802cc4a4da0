#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"

namespace tributary::binlog {

/// FORMAT_DESCRIPTION_EVENT: what the following events of the file look like.
struct FormatDescription {
  std::uint16_t binlog_version = 4;
  std::string server_version;
  std::uint32_t created = 0;  ///< != 0 in the first file after a server start
  std::uint8_t header_length = EventHeader::k_length;
  std::vector<std::uint8_t> post_header_lengths;  ///< of types 1..n, at index type - 1
  ChecksumAlgorithm checksum = ChecksumAlgorithm::off;

  /// Decodes a whole event. Throws Error 1610 for anything but a version 4 description with a known checksum.
  static FormatDescription decode(ByteView raw_event);
  /// An event with this content; log_pos 0, never marked in use, CRC present as the format demands.
  [[nodiscard]] Bytes encode(std::uint32_t server_id, std::uint32_t timestamp) const;

  [[nodiscard]] bool is_mariadb() const;
  /// Length of the post-header, with the exceptions of binlog-format (type 40 is 0; V1 rows missing is 8).
  [[nodiscard]] std::size_t post_header_length(EventType type) const;

  /// The leading "X.Y.Z" of server_version; missing numbers are 0.
  [[nodiscard]] std::array<unsigned, 3> version() const;

  /// The description that BINLOG statements for a server of this version are framed under, without checksum.
  /// @p server_version as the target reports it.
  static FormatDescription of_server(const std::string& server_version);
  /// As a MariaDB 10.11 server writes it: 171 types.
  static FormatDescription mariadb(const std::string& server_version);
  /// As a MySQL 9.7 server writes it: 42 types. Earlier versions, which list fewer, take it too.
  static FormatDescription mysql(const std::string& server_version);

  bool operator==(const FormatDescription&) const = default;
};

}  // namespace tributary::binlog
