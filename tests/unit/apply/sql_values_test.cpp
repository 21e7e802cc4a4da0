#include "sql_values.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::apply {
namespace {

using binlog::Cell;
using binlog::ColumnType;
using binlog::TableColumn;

SqlColumn column(TableColumn type, const std::string& data_type, const std::string& column_type = "",
                 const std::string& character_set = "", const std::string& octets = "") {
  TargetColumn target;
  target.name = "c";
  target.data_type = data_type;
  target.column_type = column_type.empty() ? data_type : column_type;
  target.character_set = character_set;
  target.octets = octets;
  return SqlColumn::of(type, target);
}

std::string value(const Bytes& bytes, const SqlColumn& of) {
  std::string sql;
  append_sql_value(Cell{0, false, bytes}, of, sql);
  return sql;
}

std::string exact(const Bytes& bytes, const SqlColumn& of) {
  std::string sql;
  append_sql_exact_match(Cell{0, false, bytes}, of, sql);
  return sql;
}

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST(SqlValues, IntegersHaveTheSignOfTheTargetsColumn) {
  EXPECT_EQ(value({0xff}, column({ColumnType::tiny}, "tinyint")), "-1");
  EXPECT_EQ(value({0xff}, column({ColumnType::tiny}, "tinyint", "tinyint(3) unsigned")), "255");
  EXPECT_EQ(value({0, 0, 0, 0, 0, 0, 0, 0x80}, column({ColumnType::longlong}, "bigint")), "-9223372036854775808");
  EXPECT_EQ(value({0, 0, 0x80}, column({ColumnType::int24}, "mediumint")), "-8388608");
}

TEST(SqlValues, FloatingPointNumbersHaveAnExponentAndAllDigits) {
  // 0.1F is 0.100000001490116...: its shortest digits would be another double.
  EXPECT_EQ(value({0xcd, 0xcc, 0xcc, 0x3d}, column({ColumnType::float_type, 4}, "float")), "1.0000000149011612e-01");
  EXPECT_EQ(value({0, 0, 0, 0, 0, 0, 0, 0x80}, column({ColumnType::double_type, 8}, "double")), "'-0'");
  EXPECT_THROW(value({0, 0, 0x80, 0x7f}, column({ColumnType::float_type, 4}, "float")), Error);
}

TEST(SqlValues, StringsAreTheColumnsOwnBytes) {
  const SqlColumn text = column({ColumnType::varchar, 40}, "varchar", "varchar(10)", "utf8mb4", "40");
  EXPECT_EQ(value(bytes_of("it's \\"), text), "_utf8mb4'it\\'s \\\\'");
  EXPECT_EQ(value({'a', 0, 'b'}, column({ColumnType::blob, 2}, "blob")), std::string("_binary'a\\0b'"));
  EXPECT_EQ(exact(bytes_of("a"), text), "CAST(`c` AS BINARY)=_binary'a'");
}

TEST(SqlValues, WhatARowImageLeavesOutOfBinaryIsThere) {
  EXPECT_EQ(value({'a'}, column({ColumnType::string, 3}, "binary", "binary(3)", "", "3")), "_binary'a\\0\\0'");
  EXPECT_EQ(value({}, column({ColumnType::string, 4}, "inet4")), "_binary'\\0\\0\\0\\0'");
}

TEST(SqlValues, TimestampsAreInUtcAndYearsAreNumbers) {
  EXPECT_EQ(value({0x65, 0x92, 0x00, 0x80}, column({ColumnType::timestamp2, 0}, "timestamp")), "'2024-01-01 00:00:00'");
  EXPECT_EQ(value({0, 0, 0, 0}, column({ColumnType::timestamp2, 0}, "timestamp")), "'0000-00-00 00:00:00'");
  EXPECT_EQ(value({0}, column({ColumnType::year}, "year")), "0");
  EXPECT_EQ(value({124}, column({ColumnType::year}, "year")), "2024");
}

TEST(SqlValues, BitsEnumsAndSetsAreNumbers) {
  EXPECT_EQ(value({0x01, 0x02}, column({ColumnType::bit, 12}, "bit")), "258");
  EXPECT_EQ(value({0x02, 0x01}, column({ColumnType::enumeration, 2}, "enum")), "258");
  EXPECT_EQ(value({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, column({ColumnType::set, 8}, "set")),
            "18446744073709551615");
  EXPECT_EQ(exact({0x01}, column({ColumnType::set, 1}, "set")), "CAST(`c` AS UNSIGNED)=1");
  const Bytes none{0};
  EXPECT_TRUE(is_empty_member(Cell{0, false, none}, column({ColumnType::enumeration, 1}, "enum")));
  EXPECT_FALSE(is_empty_member(Cell{0, false, none}, column({ColumnType::set, 1}, "set")));
}

TEST(SqlValues, NullIsNull) {
  std::string sql;
  append_sql_value(Cell{0, true, {}}, column({ColumnType::tiny}, "tinyint"), sql);
  EXPECT_EQ(sql, "NULL");
  sql.clear();
  append_sql_exact_match(Cell{0, true, {}}, column({ColumnType::tiny}, "tinyint"), sql);
  EXPECT_EQ(sql, "`c` IS NULL");
}

TEST(SqlValues, GeneratedColumnsAreNotWritten) {
  TargetColumn target;
  target.name = "g";
  target.data_type = "int";
  target.generation = "`a` + 1";
  EXPECT_FALSE(SqlColumn::of(target).writable);
}

TEST(SqlValues, AColumnWithoutDefaultHasAnImplicitOne) {
  TargetColumn target;
  target.data_type = "int";
  target.nullable = false;
  EXPECT_EQ(SqlColumn::of(target).implicit_default, "0");
  target.extra = "auto_increment";
  EXPECT_EQ(SqlColumn::of(target).implicit_default, "");
}

}  // namespace
}  // namespace tributary::apply
