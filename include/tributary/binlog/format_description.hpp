#pragma once

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

  /// The description a MariaDB 10.11 server writes (171 types, no checksum): what BINLOG statements are framed
  /// under. @p server_version as the target reports it.
  static FormatDescription mariadb(const std::string& server_version);
};

}  // namespace tributary::binlog
