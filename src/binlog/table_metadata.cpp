#include "tributary/binlog/table_map.hpp"

#include "decode_support.hpp"
#include "optional_metadata.hpp"

namespace tributary::binlog {
namespace {

bool is_numeric(ColumnType type) {
  switch (type) {
    case ColumnType::tiny:
    case ColumnType::short_int:
    case ColumnType::int24:
    case ColumnType::long_int:
    case ColumnType::longlong:
    case ColumnType::float_type:
    case ColumnType::double_type:
    case ColumnType::newdecimal:
    case ColumnType::year:
      return true;
    default:
      return false;
  }
}

bool is_character(ColumnType type, bool mariadb) {
  switch (type) {
    case ColumnType::varchar:
    case ColumnType::var_string:
    case ColumnType::string:
    case ColumnType::tiny_blob:
    case ColumnType::medium_blob:
    case ColumnType::long_blob:
    case ColumnType::blob:
    case ColumnType::vector:
      return true;
    case ColumnType::geometry:
    case ColumnType::mariadb_blob_compressed:
    case ColumnType::mariadb_varchar_compressed:
      return mariadb;
    default:
      return false;
  }
}

bool is_enum_or_set(ColumnType type) {
  return type == ColumnType::enumeration || type == ColumnType::set;
}

class MetadataDecoder {
 public:
  MetadataDecoder(const TableMap& map, bool mariadb) : map_(map), mariadb_(mariadb) {
    result_.columns.resize(map.columns.size());
  }

  TableMetadata decode() {
    ByteReader reader(map_.optional_metadata);
    while (!reader.at_end()) {
      const std::uint8_t part = reader.u8();
      ByteReader value(as_bytes(reader.lenenc_text()));
      read_part(part, value);
    }
    return std::move(result_);
  }

 private:
  /// The columns that @p wanted(type) chooses, in order.
  template <typename Predicate>
  std::vector<ColumnMetadata*> columns_where(Predicate wanted) {
    std::vector<ColumnMetadata*> chosen;
    for (std::size_t i = 0; i < map_.columns.size(); ++i) {
      if (wanted(map_.columns[i].type)) chosen.push_back(&result_.columns[i]);
    }
    return chosen;
  }
  std::vector<ColumnMetadata*> columns_of(ColumnType type) {
    return columns_where([type](ColumnType other) { return other == type; });
  }
  std::vector<ColumnMetadata*> character_columns() {
    return columns_where([this](ColumnType type) { return is_character(type, mariadb_); });
  }

  void read_part(std::uint8_t part, ByteReader& value);
  static void read_default_charset(ByteReader& value, const std::vector<ColumnMetadata*>& columns);
  static void read_column_charset(ByteReader& value, const std::vector<ColumnMetadata*>& columns);
  static void read_values(ByteReader& value, const std::vector<ColumnMetadata*>& columns);
  void read_primary_key(ByteReader& value, bool with_prefix);

  /// Bits from the highest of the first byte on, one for each column of @p columns.
  template <typename Apply>
  static void read_bits(ByteReader& value, const std::vector<ColumnMetadata*>& columns, Apply apply) {
    const ByteView bits = value.bytes((columns.size() + 7) / 8);
    for (std::size_t i = 0; i < columns.size(); ++i) apply(*columns[i], (bits[i / 8] << (i % 8) & 0x80) != 0);
  }

  const TableMap& map_;
  bool mariadb_;
  TableMetadata result_;
};

void MetadataDecoder::read_part(std::uint8_t part, ByteReader& value) {
  switch (part) {
    case k_signedness:
      read_bits(value, columns_where(is_numeric), [](ColumnMetadata& column, bool bit) { column.is_unsigned = bit; });
      return;
    case k_column_visibility:
      read_bits(value, columns_where([](ColumnType) { return true; }),
                [](ColumnMetadata& column, bool bit) { column.visible = bit; });
      return;
    case k_default_charset:
      read_default_charset(value, character_columns());
      return;
    case k_column_charset:
      read_column_charset(value, character_columns());
      return;
    case k_enum_and_set_default_charset:
      read_default_charset(value, columns_where(is_enum_or_set));
      return;
    case k_enum_and_set_column_charset:
      read_column_charset(value, columns_where(is_enum_or_set));
      return;
    case k_column_name:
      for (ColumnMetadata& column : result_.columns) column.name = value.lenenc_text();
      return;
    case k_set_values:
      read_values(value, columns_of(ColumnType::set));
      return;
    case k_enum_values:
      read_values(value, columns_of(ColumnType::enumeration));
      return;
    case k_geometry_type:
      for (ColumnMetadata* column : columns_of(ColumnType::geometry)) {
        column->geometry_type = static_cast<std::uint32_t>(value.lenenc());
      }
      return;
    case k_vector_dimension:
      for (ColumnMetadata* column : columns_of(ColumnType::vector)) {
        column->vector_dimension = static_cast<std::uint32_t>(value.lenenc());
      }
      return;
    case k_simple_primary_key:
      read_primary_key(value, false);
      return;
    case k_primary_key_with_prefix:
      read_primary_key(value, true);
      return;
    default:
      return;
  }
}

void MetadataDecoder::read_default_charset(ByteReader& value, const std::vector<ColumnMetadata*>& columns) {
  const auto default_collation = static_cast<std::uint32_t>(value.lenenc());
  for (ColumnMetadata* column : columns) column->collation = default_collation;
  while (!value.at_end()) {
    const std::uint64_t index = value.lenenc();
    if (index >= columns.size()) throw_damaged(EventType::table_map, "a collation for a column that is not there");
    columns[static_cast<std::size_t>(index)]->collation = static_cast<std::uint32_t>(value.lenenc());
  }
}

void MetadataDecoder::read_column_charset(ByteReader& value, const std::vector<ColumnMetadata*>& columns) {
  for (ColumnMetadata* column : columns) column->collation = static_cast<std::uint32_t>(value.lenenc());
}

void MetadataDecoder::read_values(ByteReader& value, const std::vector<ColumnMetadata*>& columns) {
  for (ColumnMetadata* column : columns) {
    const std::uint64_t count = value.lenenc();
    for (std::uint64_t i = 0; i < count; ++i) column->values.emplace_back(value.lenenc_text());
  }
}

void MetadataDecoder::read_primary_key(ByteReader& value, bool with_prefix) {
  while (!value.at_end()) {
    PrimaryKeyPart part;
    part.column = static_cast<std::size_t>(value.lenenc());
    if (part.column >= map_.columns.size()) throw_damaged(EventType::table_map, "a key column that is not there");
    if (with_prefix) part.prefix_length = value.lenenc();
    result_.primary_key.push_back(part);
  }
}

}  // namespace

TableMetadata TableMap::metadata(const FormatDescription& source) const {
  return MetadataDecoder(*this, source.is_mariadb()).decode();
}

}  // namespace tributary::binlog
