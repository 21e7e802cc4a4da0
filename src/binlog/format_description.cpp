#include "tributary/binlog/format_description.hpp"

#include <array>
#include <charconv>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

constexpr std::size_t k_version_length = 50;
constexpr std::size_t k_fixed_length = 2 + k_version_length + 4 + 1;  // up to the list of post-header lengths
constexpr std::size_t k_checksum_tail = 1 + k_checksum_length;        // algorithm and CRC of the event itself
constexpr std::size_t k_most_types = 255;

using Version = std::array<unsigned, 3>;

/// The leading "X.Y.Z" of a version text; missing numbers are 0 (do_server_version_split, sql/log_event.cc).
Version split_version(std::string_view text) {
  Version version{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (unsigned& number : version) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return version;
}

bool has_checksum_tail(const FormatDescription& description) {
  return split_version(description.server_version) >= (description.is_mariadb() ? Version{5, 3, 0} : Version{5, 6, 1});
}

}  // namespace

std::array<unsigned, 3> FormatDescription::version() const {
  return split_version(server_version);
}

bool FormatDescription::is_mariadb() const {
  return server_version.find("MariaDB") != std::string::npos || server_version.find("-maria-") != std::string::npos;
}

FormatDescription FormatDescription::decode(ByteView raw_event) {
  const EventView event(raw_event, ChecksumAlgorithm::off);
  if (event.type() != EventType::format_description) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("a Format_desc event is expected here, this is a {} event", event_type_name(event.type())));
  }
  ByteReader reader(event.body());
  FormatDescription description;
  description.binlog_version = reader.u16();
  const std::string_view version = reader.text(k_version_length);
  description.server_version = version.substr(0, version.find('\0'));
  description.created = reader.u32();
  description.header_length = reader.u8();
  if (description.binlog_version != 4 || description.header_length != EventHeader::k_length) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("binlog format {} with event headers of {} bytes, written by server version {}, is not "
                            "supported: only format 4 with {} bytes is (MySQL 5.0 and later, MariaDB)",
                            description.binlog_version, description.header_length, description.server_version,
                            EventHeader::k_length));
  }
  const std::size_t tail = has_checksum_tail(description) ? k_checksum_tail : 0;
  if (reader.remaining() < tail) {
    throw Error(error_code::k_corrupt_event, "Format_desc event is too short for its checksum algorithm");
  }
  const ByteView lengths = reader.bytes(reader.remaining() - tail);
  if (lengths.size() > k_most_types) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("Format_desc event names {} event types, but a type is one byte", lengths.size()));
  }
  description.post_header_lengths.assign(lengths.begin(), lengths.end());
  if (tail != 0) {
    const std::uint8_t algorithm = reader.u8();
    if (algorithm > static_cast<std::uint8_t>(ChecksumAlgorithm::crc32)) {
      throw Error(error_code::k_corrupt_event,
                  fmt::format("binlog checksum algorithm {} is not known (0 is NONE, 1 is CRC32)", algorithm));
    }
    description.checksum = static_cast<ChecksumAlgorithm>(algorithm);
  }
  return description;
}

Bytes FormatDescription::encode(std::uint32_t server_id, std::uint32_t timestamp) const {
  ByteWriter out(EventHeader::k_length + k_fixed_length + post_header_lengths.size() + k_checksum_tail);
  EventHeader header;
  header.timestamp = timestamp;
  header.type = EventType::format_description;
  header.server_id = server_id;
  header.encode(out);
  out.u16(binlog_version);
  const std::string_view version = std::string_view(server_version).substr(0, k_version_length - 1);
  out.text(version);
  out.fill(k_version_length - version.size());
  out.u32(created);
  out.u8(header_length);
  out.bytes(post_header_lengths);
  const bool tail = has_checksum_tail(*this);
  if (tail) out.u8(static_cast<std::uint8_t>(checksum));
  Bytes event = out.take();
  // The checksum is there even when the algorithm says that other events have none (binlog-format 1.3).
  finish_event(event, tail ? ChecksumAlgorithm::crc32 : ChecksumAlgorithm::off);
  return event;
}

std::size_t FormatDescription::post_header_length(EventType type) const {
  const auto code = static_cast<std::size_t>(type);
  const std::size_t announced = code >= 1 && code <= post_header_lengths.size() ? post_header_lengths[code - 1] : 0;
  switch (type) {
    case EventType::transaction_payload:
      return 0;  // MySQL announces 40, the type's own code
    case EventType::write_rows_v1:
    case EventType::update_rows_v1:
    case EventType::delete_rows_v1:
      return announced == 0 ? 8 : announced;  // MySQL 8.4 and later no longer list them
    default:
      return announced;
  }
}

FormatDescription FormatDescription::of_server(const std::string& server_version) {
  FormatDescription asked;
  asked.server_version = server_version;
  return asked.is_mariadb() ? mariadb(server_version) : mysql(server_version);
}

FormatDescription FormatDescription::mariadb(const std::string& server_version) {
  // Types 42 to 159 do not exist.
  static constexpr std::array<std::uint8_t, 41> k_first_lengths = {56,  13, 0,  8,  0, 18, 0, 4, 4, 4, 4,  18, 0, 0,
                                                                   228, 0,  4,  26, 8, 0,  0, 0, 8, 8, 8,  2,  0, 0,
                                                                   0,   10, 10, 10, 0, 0,  0, 0, 0, 0, 10, 10, 10};
  static constexpr std::array<std::uint8_t, 12> k_mariadb_lengths = {0, 4, 19, 4, 0, 13, 8, 8, 8, 10, 10, 10};
  static constexpr std::size_t k_first_mariadb_type = 160;

  FormatDescription description;
  description.server_version = server_version;
  description.post_header_lengths.assign(k_first_mariadb_type - 1 + k_mariadb_lengths.size(), 0);
  std::copy(k_first_lengths.begin(), k_first_lengths.end(), description.post_header_lengths.begin());
  std::copy(k_mariadb_lengths.begin(), k_mariadb_lengths.end(),
            description.post_header_lengths.end() - static_cast<std::ptrdiff_t>(k_mariadb_lengths.size()));
  return description;
}

FormatDescription FormatDescription::mysql(const std::string& server_version) {
  FormatDescription description;
  description.server_version = server_version;
  // Table maps and row events have had these lengths since 5.6.
  description.post_header_lengths = {0, 13, 0, 8, 0, 0, 0, 0, 4,  0,  4,  0,  0,  0, 99, 0,  4, 26, 8,  0, 0,
                                     0, 0,  0, 0, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};
  return description;
}

}  // namespace tributary::binlog
