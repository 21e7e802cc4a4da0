#include "column_conversion.hpp"

#include <gtest/gtest.h>

#include "tributary/binlog/json.hpp"
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

Bytes metadata_of(const binlog::TableMap& map) {
  Bytes metadata;
  for (std::size_t i = 1; i < map.columns.size(); ++i) {
    metadata.push_back(static_cast<std::uint8_t>(map.columns[i].metadata));
  }
  return metadata;
}

bool may_need(const binlog::TableMap& map, const RowSource& source, const SqlDialect& target) {
  return may_need_conversion(types_of(map), metadata_of(map), source, target);
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
  EXPECT_TRUE(may_need(versioned_table(), written_by("10.11.19-MariaDB"), target));
  const TableConversion table = plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), target, columns);
  EXPECT_EQ(table.conversions, (std::vector{ColumnConversion::none, ColumnConversion::none, ColumnConversion::none,
                                            ColumnConversion::row_end}));
  EXPECT_EQ(converted(table, 3, k_end_2038), bytes_of(k_end_2106));
  EXPECT_EQ(converted(table, 3, k_ended), bytes_of(k_ended));
}

TEST(ColumnConversionTest, OthersEndAlike) {
  const std::pair<const char*, SqlDialect> others[] = {{"11.8.2-MariaDB", dialect_of(true, 110802)},
                                                       {"11.5.0-MariaDB", dialect_of(true, 110802)},
                                                       {"10.11.19-MariaDB", dialect_of(true, 110499)},
                                                       {"9.7.0", dialect_of(true, 110802)},
                                                       {"9.7.0", dialect_of(false, 90700)}};
  for (const auto& [version, target] : others) {
    TargetColumns columns = columns_of(4);
    EXPECT_FALSE(plan_conversion(versioned_table(), written_by(version), target, columns).any()) << version;
  }
  TargetColumns columns = columns_of(4);
  EXPECT_TRUE(
      plan_conversion(versioned_table(), written_by("11.4.9-MariaDB"), dialect_of(true, 110500), columns).any());
}

TEST(ColumnConversionTest, WhatHasNoVersionsIsNotAskedFor) {
  binlog::TableMap map = versioned_table();
  EXPECT_FALSE(may_need(map, written_by("9.7.0"), dialect_of(true, 110802)));
  map.columns[3].metadata = 0;
  for (const SqlDialect& target : {dialect_of(true, 110802), dialect_of(false, 90700)}) {
    EXPECT_FALSE(may_need(map, written_by("11.8.2-MariaDB"), target));
  }
}

TEST(ColumnConversionTest, VersionsThatTheTargetDoesNotKeepAreRefused) {
  for (const SqlDialect& target : {dialect_of(false, 90700), dialect_of(true, 101100), dialect_of(true, 110802)}) {
    for (const char* version : {"10.11.19-MariaDB", "11.8.2-MariaDB"}) {
      TargetColumns columns = columns_of(2);
      ASSERT_TRUE(may_need(versioned_table(), written_by(version), target));
      const TableConversion table = plan_conversion(versioned_table(), written_by(version), target, columns);
      EXPECT_EQ(table.conversions, (std::vector{ColumnConversion::none, ColumnConversion::none, ColumnConversion::none,
                                                ColumnConversion::no_row_end}));
      EXPECT_EQ(converted(table, 3, k_ended), bytes_of(k_ended)) << "an ordinary column that the target does not have";
      EXPECT_THROW(converted(table, 3, k_end_2038), Error);
      EXPECT_THROW(converted(table, 3, k_end_2106), Error);
    }
    TargetColumns unknown = columns_of(0);
    EXPECT_FALSE(plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), target, unknown).any());
  }
  TargetColumns same = columns_of(4);
  EXPECT_FALSE(
      plan_conversion(versioned_table(), written_by("10.11.19-MariaDB"), dialect_of(false, 90700), same).any());
}

TEST(ColumnConversionTest, JsonOfAsciiFitsWhatHasAscii) {
  binlog::TableMap map;
  map.columns.resize(1);
  map.columns[0].type = ColumnType::json;
  map.columns[0].metadata = 4;
  const Bytes document = binlog::json_from_text("[1]");
  const auto convert_for = [&](const char* character_set) {
    TargetColumns columns([character_set](const TableName&) {
      std::vector<TargetColumn> told(1);
      told[0].character_set = character_set;
      return told;
    });
    return converted(plan_conversion(map, written_by("9.7.0"), dialect_of(true, 101100), columns), 0, document);
  };
  const Bytes text = {3, 0, 0, 0, '[', '1', ']'};
  for (const char* character_set : {"utf8mb4", "utf8mb3", "latin1", "sjis"}) {
    EXPECT_EQ(convert_for(character_set), text) << character_set;
  }
  for (const char* character_set : {"utf16", "swe7"}) {
    EXPECT_THROW(convert_for(character_set), Error) << character_set;
  }
}

}  // namespace
}  // namespace tributary::apply
