#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/gtid/uuid.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::gtid {

/// Transaction numbers run from 1 to k_gno_end - 1 (GNO_END, libs/mysql/gtid/gtid_constants.h).
inline constexpr std::int64_t k_gno_end = INT64_MAX;
inline constexpr std::size_t k_tag_max_length = 32;

/// A source of MySQL GTIDs: a server's uuid and, since MySQL 8.3, an optional tag ('' = none).
struct TaggedUuid {
  Uuid uuid;
  std::string tag;  ///< [a-z_][a-z0-9_]*, at most 32 characters

  /// "uuid" or "uuid:tag".
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const TaggedUuid&) const = default;
};

/// Lower case of @p text when it is a valid, non-empty tag; '' when it is not.
std::string normalized_tag(std::string_view text);

struct MysqlGtid {
  TaggedUuid source;
  std::int64_t gno = 0;

  /// Parses "uuid:5" or "uuid:tag:5", blanks allowed around each part; throws Error 1772 for other text.
  static MysqlGtid parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const MysqlGtid&) const = default;
};

/// The numbers start, start + 1, ..., end - 1.
struct GnoInterval {
  std::int64_t start = 0;
  std::int64_t end = 0;
  bool operator==(const GnoInterval&) const = default;
};

/// A set of MySQL GTIDs ("gtid_executed"): for each uuid and tag, intervals that neither overlap nor touch, ascending.
class MysqlGtidSet {
 public:
  using Sources = std::map<TaggedUuid, std::vector<GnoInterval>>;

  /// Parses "uuid:1-3:7, uuid:tag:1-2:other_tag:5"; blanks and line breaks may stand between all parts, entries may be
  /// empty, an interval that ends before it starts is empty: as MySQL reads it (sql/rpl_gtid_set.cc). Throws Error
  /// 1772.
  static MysqlGtidSet parse(std::string_view text);
  /// MySQL's own form, entries of one uuid together, @p separator between uuids (the server prints ",\n").
  [[nodiscard]] std::string to_string(std::string_view separator = ",") const;

  /// Decodes the binary form, untagged or tagged: the body of PREVIOUS_GTIDS, the data of COM_BINLOG_DUMP_GTID.
  /// All of @p bytes must be used. Throws Error 1773 (bad encoding) or 1610 (truncated).
  static MysqlGtidSet decode(ByteView bytes);
  /// The binary form; the tagged one when some GTID has a tag, as MySQL does since 8.3.
  [[nodiscard]] Bytes encode() const;

  void add(const MysqlGtid& gtid) { add(gtid.source, {gtid.gno, gtid.gno + 1}); }
  /// Throws Error 1772 unless 1 <= start <= end <= k_gno_end; an empty interval adds nothing.
  void add(const TaggedUuid& source, GnoInterval interval);
  /// Union.
  void add(const MysqlGtidSet& other);
  /// What is in this set and not in @p other.
  [[nodiscard]] MysqlGtidSet without(const MysqlGtidSet& other) const;
  /// The GTIDs that have no tag: all that servers before 8.3 can have.
  [[nodiscard]] MysqlGtidSet without_tags() const;

  [[nodiscard]] bool contains(const MysqlGtid& gtid) const;
  [[nodiscard]] bool contains(const MysqlGtidSet& other) const;
  [[nodiscard]] bool empty() const { return sources_.empty(); }
  [[nodiscard]] bool has_tags() const;
  void clear() { sources_.clear(); }
  /// By uuid, then tag, ascending; the entry without a tag comes first.
  [[nodiscard]] const Sources& sources() const { return sources_; }

  bool operator==(const MysqlGtidSet&) const = default;

 private:
  Sources sources_;
};

}  // namespace tributary::gtid
