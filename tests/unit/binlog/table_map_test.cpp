#include "tributary/binlog/table_map.hpp"

#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// A TABLE_MAP event with columns of @p types, their @p metadata and @p optional metadata (all hexadecimal).
Bytes table_map(const std::string& types, const std::string& metadata, const std::string& optional = "") {
  ByteWriter body;
  body.u48(0x0102030405);
  body.u16(TableMap::k_bit_length_exact);
  body.lenenc_text("db");
  body.u8(0);
  body.lenenc_text("t");
  body.u8(0);
  const Bytes type_bytes = from_hex(types);
  const Bytes metadata_bytes = from_hex(metadata);
  body.lenenc(type_bytes.size());
  body.bytes(type_bytes);
  body.lenenc(metadata_bytes.size());
  body.bytes(metadata_bytes);
  body.fill((type_bytes.size() + 7) / 8, 0x55);
  body.bytes(from_hex(optional));
  return make_event(EventType::table_map, body.view());
}

TableMap decoded(const Bytes& event, const FormatDescription& description = mariadb()) {
  return TableMap::decode(EventView(event, ChecksumAlgorithm::off), description);
}

TEST(TableMap, readsNamesAndColumns) {
  // float, double, decimal(14,4), time(3), bit(12), enum, set, char(10), char(400 bytes), varchar(20)
  const TableMap map =
      decoded(table_map("04 05 f6 13 10 fe fe fe fe 0f", "04 08 0e04 03 0401 f701 f801 fe0a ee90 1400"));
  EXPECT_EQ(map.table_id, 0x0102030405U);
  EXPECT_EQ(map.flags, TableMap::k_bit_length_exact);
  EXPECT_EQ(map.database, "db");
  EXPECT_EQ(map.table, "t");
  EXPECT_THAT(map.columns,
              testing::ElementsAre(
                  TableColumn{ColumnType::float_type, 4, true}, TableColumn{ColumnType::double_type, 8, false},
                  TableColumn{ColumnType::newdecimal, 14 << 8 | 4, true}, TableColumn{ColumnType::time2, 3, false},
                  TableColumn{ColumnType::bit, 12, true}, TableColumn{ColumnType::enumeration, 1, false},
                  TableColumn{ColumnType::set, 1, true}, TableColumn{ColumnType::string, 10, false},
                  TableColumn{ColumnType::string, 400, true}, TableColumn{ColumnType::varchar, 20, false}));
}

TEST(TableMap, refusesWhatIsOutOfRange) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"00", ""},     {"14", "03"},   {"f3", ""},     {"f7", "0100"}, {"0f", "14"},   {"0f", "140000"}, {"13", "07"},
      {"10", "0800"}, {"10", "0108"}, {"10", "0000"}, {"f6", "0004"}, {"f6", "4204"}, {"f6", "0405"},   {"fc", "00"},
      {"fc", "05"},   {"04", "08"},   {"fe", "f703"}, {"fe", "f700"}, {"fe", "f809"}, {"fe", "f600"}};
  for (const auto& column : bad) {
    EXPECT_EQ(error_of([&] { decoded(table_map(column.first, column.second)); }), 1610)
        << column.first << " " << column.second;
  }
}

TEST(TableMap, readsOptionalMetadata) {
  // INT unsigned, INT, YEAR; VARCHAR, GEOMETRY, VARCHAR: MariaDB counts the geometry among the character columns.
  const Bytes event = table_map("03 03 0d 0f ff 0f", "1400 04 1400",
                                "01 01 a0 | 02 03 08 02 21 | 04 0c 01 61 01 62 01 63 01 64 01 65 01 66 | 63 01 00 | "
                                "09 04 00 00 03 05 | 0c 01 7c");
  const TableMetadata known = decoded(event).metadata(mariadb());
  ASSERT_EQ(known.columns.size(), 6U);
  EXPECT_EQ(known.columns[0].is_unsigned, true);
  EXPECT_EQ(known.columns[1].is_unsigned, false);
  EXPECT_EQ(known.columns[2].is_unsigned, true);
  EXPECT_EQ(known.columns[3].is_unsigned, std::nullopt);
  EXPECT_EQ(known.columns[0].collation, 0U);
  EXPECT_EQ(known.columns[3].collation, 8U);
  EXPECT_EQ(known.columns[4].collation, 8U);
  EXPECT_EQ(known.columns[5].collation, 33U);
  EXPECT_EQ(known.columns[5].name, "f");
  EXPECT_THAT(known.primary_key, testing::ElementsAre(PrimaryKeyPart{0, 0}, PrimaryKeyPart{3, 5}));
  EXPECT_EQ(known.columns[0].visible, false);
  EXPECT_EQ(known.columns[1].visible, true);

  FormatDescription mysql = mariadb();
  mysql.server_version = "9.7.4";
  const Bytes without_defaults = table_map("0f ff 0f", "1400 04 1400", "03 02 08 21");
  EXPECT_EQ(decoded(without_defaults, mysql).metadata(mysql).columns[2].collation, 0x21U) << "MySQL does not count it";
}

TEST(TableMap, refusesDamagedOptionalMetadata) {
  for (const char* optional : {"01 05 ff", "01 00", "02 03 08 01 21", "04 02 05 61", "08 01 01", "05", "ff"}) {
    const Bytes event = table_map("03", "", optional);
    const TableMap map = decoded(event);
    EXPECT_EQ(error_of([&] { std::ignore = map.metadata(mariadb()); }), 1610) << optional;
  }
  const TableMap no_metadata = decoded(table_map("03", ""));
  EXPECT_EQ(no_metadata.metadata(mariadb()).columns.size(), 1U);
}

TEST(TableMap, knowsEnumAndSetValuesAndKeysOfRealTables) {
  bool found = false;
  for_each_event(binlog_file("mariadb1011-bin.000020"),
                 [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
                   if (event.type() != EventType::table_map) return;
                   const TableMetadata known = TableMap::decode(event, description).metadata(description);
                   EXPECT_THAT(known.columns.at(3).values, testing::ElementsAre("red", "green"));
                   EXPECT_THAT(known.columns.at(4).values, testing::ElementsAre("a", "b", "c"));
                   EXPECT_EQ(known.columns.at(1).collation, 45U);
                   EXPECT_EQ(known.columns.at(2).collation, k_binary_collation);
                   EXPECT_THAT(known.primary_key, testing::ElementsAre(PrimaryKeyPart{0, 0}));
                   found = true;
                 });
  EXPECT_TRUE(found);
}

TEST(TableMapLayout, borrowsTheDefinition) {
  const Bytes event = table_map("03 0f", "1400", "01 01 80");
  const auto layout = TableMapLayout::decode(EventView(event, ChecksumAlgorithm::off), mariadb());
  EXPECT_EQ(layout.table_id, 0x0102030405U);
  EXPECT_EQ(layout.database, "db");
  EXPECT_EQ(layout.table, "t");
  EXPECT_EQ(to_hex(layout.definition),
            "02646200017400"
            "02030f"
            "021400"
            "55");
  EXPECT_EQ(to_hex(layout.optional_metadata), "010180");
}

}  // namespace
}  // namespace tributary::binlog
