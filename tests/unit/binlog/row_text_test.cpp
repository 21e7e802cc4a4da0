#include "tributary/binlog/row_text.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The rows of @p file as text, "before -> after", of one table.
std::vector<std::string> rows_of(const std::string& file, const std::string& table) {
  std::vector<std::string> rows;
  std::map<std::uint64_t, TableMap> tables;
  Bytes scratch;
  RowsReader reader;
  for_each_event(binlog_file(file), [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
    if (event.type() == EventType::table_map) {
      const TableMap map = TableMap::decode(event, description);
      tables[map.table_id] = map;
    } else if (is_rows_event(event.type())) {
      const RowsEvent rows_event = RowsEvent::decode(event, description, scratch);
      const TableMap& map = tables.at(rows_event.table_id);
      if (map.table != table) return;
      const TableMetadata metadata = map.metadata(description);
      reader.reset(rows_event, map);
      const RowTextOptions options{24, 4096};
      while (reader.next()) {
        rows.push_back(row_to_text(reader.before(), map, metadata, options) + " -> " +
                       row_to_text(reader.after(), map, metadata, options));
      }
    }
  });
  return rows;
}

std::string text_of(ColumnType type, std::uint16_t metadata, const std::string& hex, const ColumnMetadata& known = {}) {
  const Bytes bytes = from_hex(hex);
  return value_to_text({0, false, bytes}, {type, metadata, true}, known);
}

TEST(RowText, showsMariadbsTypesAsTheyWereInserted) {
  const auto rows = rows_of("mariadb1011-bin.000015", "ty");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0],
            " -> id=1, t1u=255, f=1.5, d=-2.25, dc=-1234567890.1234, y=2024, da='2024-02-29', ti='-12:34:56', "
            "ti3='-838:59:58.999', ti6='12:34:56.789012', dt='2024-02-29 12:34:56', dt6='1000-01-01 00:00:00.000001', "
            "ts='2024-02-29 12:34:56+00:00', ts6='2024-02-29 12:34:56.789012+00:00', bi12=b'101010111100', e='b', "
            "se='x,z', c10='hi', c100='hé', vc='vc', bl=x'6262', j='{\"a\":1}', "
            "g=x'e61000000101000000000000000000f03f00000000000000...', p=x'00000000010100000000000000000008400000000000"
            "0010...', i6=x'20010db8000000000000000000000001', i4=x'c0a80102', u=x'123e4567e89b12d3a45642665544', "
            "vcc=x'006162616261626162616261626162616261626162616261...', blc=x'8a012caba8acaa1845c42100', inv=7");
  EXPECT_THAT(rows[1], HasSubstr("id=2, t1u=NULL, f=NULL"));
  EXPECT_THAT(rows[2], HasSubstr("vc='vc'"));
  EXPECT_THAT(rows[2], HasSubstr("vc='zz'"));
  EXPECT_THAT(rows[3], HasSubstr("inv=7 -> "));
}

TEST(RowText, showsMysqlsTypesAsTheyWereInserted) {
  const auto rows = rows_of("mysql97-bin.000021", "ty");
  ASSERT_FALSE(rows.empty());
  EXPECT_THAT(rows[0], HasSubstr("t1=-1, t1u=255, s2=-2, m3=-3, m3u=16777213, i4=-4, b8=-5, b8u=18446744073709551615"));
  EXPECT_THAT(rows[0], HasSubstr("dc2=12345678901234567890.0123456789"));
  EXPECT_THAT(rows[0], HasSubstr("ti1='-00:00:00.1'"));
  EXPECT_THAT(rows[0], HasSubstr("ts2='2024-02-29 12:34:56.78+00:00'"));
  EXPECT_THAT(rows[0], HasSubstr("v=x'0000803f0000004000004040'"));
}

TEST(RowText, numbersColumnsWithoutNames) {
  const auto rows = rows_of("mysql56-bin.000004", "ty");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0], HasSubstr("@1=1, @2=-1, @3=-1, @4=1.5, @5=-2.25, @6=-12.5000, @7=2024"));
}

TEST(RowText, showsOnlyTheColumnsOfMinimalImages) {
  EXPECT_THAT(rows_of("mariadb118-bin.000021", "uu"), testing::Contains("id=1 -> c='zz'"));
}

TEST(RowText, showsCompressedRows) {
  EXPECT_THAT(
      rows_of("mariadb1011-bin.000020", "note"),
      ElementsAre(
          " -> id=1, body='compressed compressed co...', doc=x'646464646464646464646464646464646464646464646464..."
          "', colour='green', parts='a,c'",
          " -> id=2, body='short', doc=NULL, colour=NULL, parts=''", testing::_, testing::_,
          "id=2, body='short', doc=NULL, colour=NULL, parts='' -> "));
}

TEST(ValueText, showsIntegersBySign) {
  ColumnMetadata is_unsigned;
  is_unsigned.is_unsigned = true;
  EXPECT_EQ(text_of(ColumnType::tiny, 0, "ff"), "-1");
  EXPECT_EQ(text_of(ColumnType::tiny, 0, "ff", is_unsigned), "255");
  EXPECT_EQ(text_of(ColumnType::int24, 0, "000080"), "-8388608");
  EXPECT_EQ(text_of(ColumnType::longlong, 0, "0000000000000080"), "-9223372036854775808");
  EXPECT_EQ(text_of(ColumnType::longlong, 0, "ffffffffffffffff", is_unsigned), "18446744073709551615");
}

TEST(ValueText, showsTimes) {
  EXPECT_EQ(text_of(ColumnType::time2, 0, "7f3748"), "'-12:34:56'");
  EXPECT_EQ(text_of(ColumnType::time2, 1, "7ffffff6"), "'-00:00:00.1'");
  EXPECT_EQ(text_of(ColumnType::time2, 3, "4b9105d8fa"), "'-838:59:58.999'");
  EXPECT_EQ(text_of(ColumnType::time2, 6, "80c8b80c0a14"), "'12:34:56.789012'");
  EXPECT_EQ(text_of(ColumnType::timestamp2, 0, "00000000"), "'0000-00-00 00:00:00'");
  EXPECT_EQ(text_of(ColumnType::date, 0, "000000"), "'0000-00-00'");
  EXPECT_EQ(text_of(ColumnType::year, 0, "00"), "0000");
  EXPECT_EQ(text_of(ColumnType::time, 0, "c01dfe"), "'-12:34:56'") << "three bytes of a number, signed";
  EXPECT_EQ(text_of(ColumnType::datetime, 0, "80c5aa8b68120000"), "'2024-02-29 12:34:56'");
  EXPECT_EQ(text_of(ColumnType::time, 3, "0102030405"), "x'0102030405'") << "MariaDB's old format with a fraction";
}

TEST(ValueText, showsStringsOrBytes) {
  ColumnMetadata binary;
  binary.collation = k_binary_collation;
  EXPECT_EQ(text_of(ColumnType::varchar, 20, "6127620a5c"), "'a\\'b\\n\\\\'");
  EXPECT_EQ(text_of(ColumnType::varchar, 20, "6162", binary), "x'6162'");
  EXPECT_EQ(text_of(ColumnType::varchar, 20, "e9"), "x'e9'") << "not UTF-8";
  EXPECT_EQ(text_of(ColumnType::varchar, 20, "6100"), "x'6100'") << "not printable";
  EXPECT_EQ(text_of(ColumnType::varchar, 20, "eda080"), "x'eda080'") << "half of a surrogate pair";
  EXPECT_EQ(text_of(ColumnType::enumeration, 1, "00"), "0");
  EXPECT_EQ(text_of(ColumnType::set, 1, "05"), "5");
  EXPECT_EQ(text_of(ColumnType::bit, 12, "0abc"), "b'101010111100'");
}

TEST(ValueText, showsWhatDoesNotFitInHexadecimal) {
  EXPECT_EQ(text_of(ColumnType::longlong, 0, ""), "x''");
  EXPECT_EQ(text_of(ColumnType::newdecimal, 14 << 8 | 4, "7e"), "x'7e'");
  EXPECT_EQ(text_of(ColumnType::double_type, 8, "7e"), "x'7e'");
  EXPECT_EQ(text_of(ColumnType::datetime2, 0, "7e"), "x'7e'");
  EXPECT_EQ(text_of(ColumnType::time2, 9, "0706050403020100"), "x'0706050403020100'");  // more digits than there are
}

TEST(RowText, isCutAtItsLimit) {
  // Two columns, INT: no flags, "present" for both, no NULL.
  TableMap table;
  table.columns = {{ColumnType::tiny, 0, true}, {ColumnType::tiny, 0, true}};
  const Bytes present{0x03};
  const Bytes rows = from_hex("00 | 05 06");
  RowsEvent event;
  event.column_count = 2;
  event.after_columns = present;
  event.rows = rows;
  RowsReader reader(event, table);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(row_to_text(reader.after(), table, {}), "@1=5, @2=6");
  EXPECT_EQ(row_to_text(reader.after(), table, {}, {64, 3}), "@1=5, ...");
}

}  // namespace
}  // namespace tributary::binlog
