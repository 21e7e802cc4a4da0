#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"

namespace tributary::source {

using binlog::ChecksumAlgorithm;
using binlog::EventType;

/// An event with a checksum whose header says that it ends at @p end (its low 32 bits).
inline Bytes make_event(EventType type, std::uint64_t end, ByteView body, std::uint16_t flags = 0,
                        std::uint32_t timestamp = 1700000000) {
  ByteWriter out;
  binlog::EventHeader header;
  header.timestamp = timestamp;
  header.type = type;
  header.server_id = 11;
  header.log_pos = static_cast<std::uint32_t>(end);
  header.flags = flags;
  header.event_size = binlog::EventHeader::k_length;
  header.encode(out);
  out.bytes(body);
  Bytes event = out.take();
  binlog::finish_event(event, ChecksumAlgorithm::crc32);
  return event;
}

/// The ROTATE that a source makes up before a file.
inline Bytes made_up_rotate(const std::string& file, std::uint64_t position) {
  ByteWriter body;
  body.u64(position);
  body.text(file);
  return make_event(EventType::rotate, 0, body.view(), binlog::event_flag::k_artificial, 0);
}

inline Bytes heartbeat(const std::string& file, std::uint32_t position) {
  return make_event(EventType::heartbeat, position, as_bytes(file), 0, 0);
}

inline Bytes gtid_list(std::uint64_t end, const std::string& position, bool made_up) {
  const auto parsed = gtid::MariadbGtidPosition::parse(position);
  ByteWriter body;
  body.u32(static_cast<std::uint32_t>(parsed.domains().size()));
  for (const auto& [domain, gtid] : parsed.domains()) {
    body.u32(domain);
    body.u32(gtid.server_id);
    body.u64(gtid.seq_no);
  }
  if (parsed.empty()) body.u16(0);
  return make_event(EventType::mariadb_gtid_list, end, body.view(), made_up ? binlog::event_flag::k_artificial : 0,
                    made_up ? 0 : 1700000000);
}

/// A binlog file being written: events at growing offsets.
class FileBuilder {
 public:
  explicit FileBuilder(std::uint64_t start = binlog::k_first_event_offset) : offset_(start) {}

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// The file so far, with its magic; for a builder that began at the start.
  [[nodiscard]] Bytes content() const {
    Bytes all(std::begin(binlog::k_file_magic), std::end(binlog::k_file_magic));
    for (const Bytes& event : events_) all.insert(all.end(), event.begin(), event.end());
    return all;
  }
  /// Moves on as if @p count bytes stood here.
  void skip(std::uint64_t count) { offset_ += count; }

  const Bytes& format() {
    auto description = binlog::FormatDescription::mariadb("10.11.6-MariaDB-log");
    description.checksum = ChecksumAlgorithm::crc32;
    Bytes event = description.encode(11, 1700000000);
    const Bytes body(event.begin() + binlog::EventHeader::k_length, event.end() - binlog::k_checksum_length);
    return add(make_event(EventType::format_description, offset_ + event.size(), body));
  }
  const Bytes& event(EventType type, ByteView body, std::uint16_t flags = 0) {
    const std::size_t size = binlog::EventHeader::k_length + body.size() + binlog::k_checksum_length;
    return add(make_event(type, offset_ + size, body, flags));
  }
  const Bytes& gtid(std::uint32_t domain, std::uint64_t seq_no) {
    ByteWriter body;
    body.u64(seq_no);
    body.u32(domain);
    body.u8(0x0c);
    body.fill(6);
    return event(EventType::mariadb_gtid, body.view(), 0x0008);
  }
  const Bytes& rows(std::size_t size = 30) { return event(EventType::mariadb_annotate_rows, Bytes(size, 'r')); }
  const Bytes& xid() { return event(EventType::xid, Bytes(8, 1)); }
  const Bytes& list(const std::string& position) {
    const Bytes at_zero = gtid_list(0, position, false);
    return add(gtid_list(offset_ + at_zero.size(), position, false));
  }

 private:
  const Bytes& add(Bytes event) {
    offset_ += event.size();
    events_.push_back(std::move(event));
    return events_.back();
  }

  std::uint64_t offset_;
  std::deque<Bytes> events_;  // references to its elements stay valid
};

/// The description as a source sends it when a dump begins in mid-file: no log_pos.
inline Bytes without_log_pos(Bytes format) {
  store_little_endian(format.data() + 13, 0, 4);
  format.resize(format.size() - binlog::k_checksum_length);
  binlog::finish_event(format, ChecksumAlgorithm::crc32);
  return format;
}

}  // namespace tributary::source
