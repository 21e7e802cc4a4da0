#include "column_conversion.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

#include "dialect_of.hpp"

namespace tributary::apply {
namespace {

using binlog::ColumnType;

constexpr std::uint8_t k_end_2038[] = {0x7f, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f};
constexpr std::uint8_t k_end_2106[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f};
constexpr std::uint8_t k_ended[] = {0x68, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01};

RowSource written_by(const std::string& version) {
  return RowSource::of(binlog::FormatDescription::of_server(version));
}

/// A TIMESTAMP(6) of the table's own, and behind it ROW START and ROW END.
binlog::TableMap versioned_table() {
  binlog::TableMap map;
  map.database = "d";
  map.table = "t";
  map.columns.resize(4);
  map.columns[0].type = ColumnType::long_int;
  for (std::size_t i = 1; i < map.columns.size(); ++i) {
    map.columns[i].type = ColumnType::timestamp2;
    map.columns[i].metadata = 6;
  }
  return map;
}

Bytes types_of(const binlog::TableMap& map) {
  Bytes types;
  for (const binlog::TableColumn& column : map.columns) types.push_back(static_cast<std::uint8_t>(column.type));
  return types;
}

/// The target's columns: the first @p count of the source's.
TargetColumns columns_of(std::size_t count) {
  return TargetColumns([count](const TableName&) {
    std::vector<TargetColumn> columns(4);
    columns[2].generation = "ROW START";
    columns[3].generation = "ROW END";
    columns.resize(count);
    return columns;
  });
}

Bytes converted(const TableConversion& table, std::size_t index, ByteView value) {
  Bytes bytes;
  append_converted(table, index, value, bytes);
  return bytes;
}

Bytes bytes_of(ByteView view) {
  return {view.begin(), view.end()};
}

TEST(ColumnConversionTest, ACurrentRowEndsWhenTheTargetsTimestampsDo) {
  const SqlDialect target = dialect_of(true, 110802);
  TargetColumns columns = columns_of(4);
  EXPECT_TRUE(may_need_conversion(types_of(versioned_table()), written_by("10.11.19-MariaDB"), target));
  const TableConversion table = plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), target, columns);
  EXPECT_EQ(table.conversions, (std::vector{ColumnConversion::none, ColumnConversion::none, ColumnConversion::none,
                                            ColumnConversion::row_end}));
  EXPECT_EQ(converted(table, 3, k_end_2038), bytes_of(k_end_2106));
  EXPECT_EQ(converted(table, 3, k_ended), bytes_of(k_ended));
}

TEST(ColumnConversionTest, OthersEndAlike) {
  TargetColumns columns = columns_of(4);
  const Bytes types = types_of(versioned_table());
  EXPECT_FALSE(may_need_conversion(types, written_by("11.8.2-MariaDB"), dialect_of(true, 110802)));
  EXPECT_FALSE(may_need_conversion(types, written_by("11.5.0-MariaDB"), dialect_of(true, 110802)));
  EXPECT_FALSE(may_need_conversion(types, written_by("10.11.19-MariaDB"), dialect_of(true, 110499)));
  EXPECT_FALSE(may_need_conversion(types, written_by("9.7.0"), dialect_of(true, 110802)));
  EXPECT_FALSE(may_need_conversion(types, written_by("9.7.0"), dialect_of(false, 90700)));
  EXPECT_TRUE(may_need_conversion(types, written_by("11.4.9-MariaDB"), dialect_of(true, 110500)));
}

TEST(ColumnConversionTest, VersionsThatTheTargetDoesNotKeepAreRefused) {
  const SqlDialect target = dialect_of(false, 90700);
  for (const char* version : {"10.11.19-MariaDB", "11.8.2-MariaDB"}) {
    TargetColumns columns = columns_of(2);
    ASSERT_TRUE(may_need_conversion(types_of(versioned_table()), written_by(version), target));
    const TableConversion table = plan_conversion(versioned_table(), written_by(version), target, columns);
    ASSERT_EQ(table.conversions[3], ColumnConversion::no_row_end);
    EXPECT_EQ(converted(table, 3, k_ended), bytes_of(k_ended)) << "an ordinary column that the target does not have";
    EXPECT_THROW(converted(table, 3, k_end_2038), Error);
    EXPECT_THROW(converted(table, 3, k_end_2106), Error);
  }
  TargetColumns same = columns_of(4);
  EXPECT_FALSE(plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), target, same).any());
  TargetColumns unknown = columns_of(0);
  EXPECT_FALSE(plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), target, unknown).any());
}

}  // namespace
}  // namespace tributary::apply
