#include "tributary/binlog/typed_value.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/table_maps.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

TypedValue value(ColumnType type, std::uint16_t metadata, const std::string& hex, bool is_unsigned = false) {
  static Bytes bytes;
  bytes = from_hex(hex);
  TableColumn column;
  column.type = type;
  column.metadata = metadata;
  Cell cell;
  cell.bytes = bytes;
  return typed_value(cell, column, is_unsigned);
}

TEST(TypedValue, numbers) {
  EXPECT_EQ(std::get<std::int64_t>(value(ColumnType::tiny, 0, "80")), -128);
  EXPECT_EQ(std::get<std::uint64_t>(value(ColumnType::tiny, 0, "80", true)), 128U);
  EXPECT_EQ(std::get<std::int64_t>(value(ColumnType::int24, 0, "ffffff")), -1);
  EXPECT_EQ(std::get<std::uint64_t>(value(ColumnType::longlong, 0, "ffffffffffffffff", true)), UINT64_MAX);
  EXPECT_EQ(std::get<std::int64_t>(value(ColumnType::longlong, 0, "0000000000000080")), INT64_MIN);
  EXPECT_EQ(std::get<float>(value(ColumnType::float_type, 4, "0000c03f")), 1.5F);
  EXPECT_EQ(std::get<double>(value(ColumnType::double_type, 8, "000000000000f83f")), 1.5);
  EXPECT_EQ(std::get<BitsValue>(value(ColumnType::bit, 12, "0abc")).bits, 0xabcU);
  EXPECT_EQ(std::get<BitsValue>(value(ColumnType::set, 2, "0180")).bits, 0x8001U);
}

TEST(TypedValue, decimals) {
  const auto number = std::get<DecimalValue>(value(ColumnType::newdecimal, 14 << 8 | 4, "7ef204c72dfb2d"));
  EXPECT_TRUE(number.negative);
  EXPECT_EQ(number.integer_groups, 2);
  EXPECT_EQ(number.fraction_groups, 1);
  EXPECT_EQ(number.groups[0], 1U);
  EXPECT_EQ(number.groups[1], 234567890U);
  EXPECT_EQ(number.groups[2], 1234U);
  EXPECT_EQ(error_of([] { value(ColumnType::newdecimal, 10 << 8, "ffffffffff"); }), 1610);
}

TEST(TypedValue, times) {
  const auto time = std::get<TemporalValue>(value(ColumnType::time2, 3, "4b9105d8fa"));
  EXPECT_TRUE(time.negative);
  EXPECT_EQ(time.hour, 838);
  EXPECT_EQ(time.minute, 59);
  EXPECT_EQ(time.second, 58);
  EXPECT_EQ(time.microsecond, 999000U);
  EXPECT_EQ(std::get<TemporalValue>(value(ColumnType::year, 0, "00")).year, 0);
  EXPECT_EQ(error_of([] { value(ColumnType::time2, 3, "4b91"); }), 1610);
  EXPECT_EQ(error_of([] { value(ColumnType::time2, 9, "0706050403020100"); }), 1610);
}

/// The text of a typed value, which row_text.cpp makes from the bytes on its own way.
std::string text_of(const TypedValue& value, const TableColumn& column) {
  if (std::holds_alternative<std::monostate>(value)) return "NULL";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<float>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* bits = std::get_if<BitsValue>(&value)) return fmt::format("{}", bits->bits);
  if (const auto* decimal = std::get_if<DecimalValue>(&value)) {
    std::string text;
    for (std::size_t i = 0; i < decimal->integer_groups; ++i) text += fmt::format("{:09}", decimal->groups[i]);
    text.erase(0, text.find_first_not_of('0'));
    if (text.empty()) text = "0";
    if (decimal->scale != 0) text += '.';
    for (std::size_t i = 0; i < decimal->fraction_groups; ++i) {
      const bool last = i + 1 == decimal->fraction_groups && decimal->scale % 9 != 0;
      text += fmt::format("{:0{}}", decimal->groups[decimal->integer_groups + i], last ? decimal->scale % 9 : 9);
    }
    return (decimal->negative ? "-" : "") + text;
  }
  if (const auto* at = std::get_if<TemporalValue>(&value)) {
    const bool has_date = column.type != ColumnType::time2 && column.type != ColumnType::time;
    const bool has_time = column.type != ColumnType::date && column.type != ColumnType::newdate;
    if (column.type == ColumnType::year) return fmt::format("{:04}", at->year);
    std::string text = at->negative ? "-" : "";
    if (has_date) text += fmt::format("{:04}-{:02}-{:02}", at->year, at->month, at->day);
    if (has_date && has_time) text += ' ';
    if (has_time) text += fmt::format("{:02}:{:02}:{:02}", at->hour, at->minute, at->second);
    if (column.metadata != 0) text += "." + fmt::format("{:06}", at->microsecond).substr(0, column.metadata);
    return "'" + text + "'";
  }
  return "";  // strings and TIMESTAMP
}

TEST(TypedValue, saysTheSameAsTheTextOfEveryFile) {
  std::size_t compared = 0;
  std::size_t values = 0;
  for (const auto& file : binlog_files()) {
    if (file.string().find("old_temporal") != std::string::npos) continue;
    TableMaps tables;
    Bytes scratch;
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
      if (event.type() == EventType::table_map) tables.add(event, description);
      if (!is_rows_event(event.type())) return;
      const RowsEvent rows = RowsEvent::decode(event, description, scratch);
      const auto* const table = tables.find(rows.table_id);
      ASSERT_NE(table, nullptr);
      if (table->map.table.starts_with("old")) return;
      for (RowsReader reader(rows, table->map); reader.next();) {
        for (const RowImage* image : {&reader.before(), &reader.after()}) {
          for (const Cell& cell : image->cells()) {
            const TableColumn& column = table->map.columns[cell.column];
            const bool is_unsigned = table->metadata.columns[cell.column].is_unsigned.value_or(false);
            const TypedValue typed = typed_value(cell, column, is_unsigned);
            ++values;
            const std::string text = text_of(typed, column);
            // BIT is shown in binary; the empty SET as ''.
            if (text.empty() || column.type == ColumnType::bit || (column.type == ColumnType::set && text == "0")) {
              continue;
            }
            ColumnMetadata metadata;
            metadata.is_unsigned = is_unsigned;
            EXPECT_EQ(text, value_to_text(cell, column, metadata)) << file << " " << table->map.table;
            ++compared;
          }
        }
      }
      if (rows.ends_statement()) tables.end_statement();
    });
  }
  EXPECT_GT(values, 5000U);
  EXPECT_GT(compared, 2000U);
}

}  // namespace
}  // namespace tributary::binlog
