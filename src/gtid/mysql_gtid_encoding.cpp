#include <fmt/core.h>

#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/gtid/serialization.hpp"
#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

constexpr std::uint16_t k_malformed_encoding = 1773;  // ER_MALFORMED_GTID_SET_ENCODING
/// The lowest and the highest byte of the leading count, where the entries carry tags.
constexpr std::uint8_t k_tagged_format = 1;

[[noreturn]] void throw_malformed(const char* what) {
  throw Error(k_malformed_encoding, fmt::format("Malformed GTID set encoding: {}", what));
}

std::string read_tag(ByteReader& reader) {
  const std::uint64_t length = read_varlen_unsigned(reader);
  if (length == 0) return {};
  if (length > k_tag_max_length) throw_malformed("a tag is longer than 32 characters");
  const std::string_view text = reader.text(static_cast<std::size_t>(length));
  std::string tag = normalized_tag(text);
  if (tag != text) throw_malformed("a tag holds other characters than a-z, 0-9 and _");
  return tag;
}

}  // namespace

MysqlGtidSet MysqlGtidSet::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint64_t head = reader.u64();
  const bool tagged = head >> 56 == k_tagged_format;
  if (tagged && (head & 0xff) != k_tagged_format) throw_malformed("unknown format");
  const std::uint64_t count = tagged ? (head >> 8) & 0xffffffffffff : head;

  // Counts are only believed as far as there are bytes: each turn of the loops reads some.
  MysqlGtidSet set;
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    TaggedUuid source{Uuid::read(reader), {}};
    if (tagged) source.tag = read_tag(reader);
    // A server writes each once (Gtid_set::encode, sql/rpl_gtid_set.cc). Intervals of one in many entries would have
    // to be sorted into each other.
    if (set.sources_.contains(source)) throw_malformed("a server's UUID and tag occur twice");
    const std::uint64_t interval_count = reader.u64();
    std::int64_t previous_end = 0;
    for (std::uint64_t i = 0; i < interval_count; ++i) {
      const auto start = static_cast<std::int64_t>(reader.u64());
      const auto end = static_cast<std::int64_t>(reader.u64());
      if (start <= previous_end || end <= start) throw_malformed("intervals are empty or not in order");
      set.add(source, {start, end});
      previous_end = end;
    }
  }
  if (!reader.at_end()) throw_malformed("bytes are left over");
  return set;
}

Bytes MysqlGtidSet::encode() const {
  ByteWriter writer;
  const bool tagged = has_tags();
  if (tagged) {
    writer.u8(k_tagged_format);
    writer.u48(sources_.size());
    writer.u8(k_tagged_format);
  } else {
    writer.u64(sources_.size());
  }
  for (const auto& [source, intervals] : sources_) {
    writer.bytes(source.uuid.bytes);
    if (tagged) {
      write_varlen_unsigned(writer, source.tag.size());
      writer.text(source.tag);
    }
    writer.u64(intervals.size());
    for (const GnoInterval& interval : intervals) {
      writer.u64(static_cast<std::uint64_t>(interval.start));
      writer.u64(static_cast<std::uint64_t>(interval.end));
    }
  }
  return writer.take();
}

}  // namespace tributary::gtid
