#include "tributary/binlog/binlog_statement.hpp"

#include <map>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t k_server_id = 77;

Bytes from_base64(std::string_view text) {
  static constexpr std::string_view k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '=' || c == '\n') {
      count = 0;
      continue;
    }
    const std::size_t digit = k_digits.find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("no base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return bytes;
}

/// The events of a BINLOG statement.
std::vector<Bytes> events_of(std::string_view statement) {
  EXPECT_EQ(statement.substr(0, 8), "BINLOG '");
  EXPECT_EQ(statement.back(), '\'');
  const Bytes all = from_base64(statement.substr(8, statement.size() - 9));
  std::vector<Bytes> events;
  for (std::size_t at = 0; at < all.size(); at += events.back().size()) {
    const ByteView rest = ByteView(all).subspan(at);
    const ByteView event = rest.first(EventHeader::decode(rest).event_size);
    events.emplace_back(event.begin(), event.end());
  }
  return events;
}

/// A statement in short: "map db.t as 1", "write 1 flags 0: @1=5", ...
std::vector<std::string> summary_of(std::string_view statement) {
  std::vector<std::string> lines;
  std::map<std::uint64_t, TableMap> tables;
  Bytes scratch;
  for (const Bytes& raw : events_of(statement)) {
    const EventView event(raw, ChecksumAlgorithm::off);
    EXPECT_EQ(event.header().server_id, k_server_id);
    EXPECT_EQ(event.header().log_pos, 0U);
    if (event.type() == EventType::table_map) {
      const TableMap map = TableMap::decode(event, mariadb());
      tables[map.table_id] = map;
      lines.push_back("map " + map.database + "." + map.table + " as " + std::to_string(map.table_id));
      continue;
    }
    const RowsEvent rows = RowsEvent::decode(event, mariadb(), scratch);
    std::string line = event_type_name(event.type()) + " " + std::to_string(rows.table_id) + " flags " +
                       std::to_string(rows.flags) + ":";
    RowsReader reader(rows, tables.at(rows.table_id));
    while (reader.next()) {
      for (const RowImage* image : {&reader.before(), &reader.after()}) {
        if (!image->empty()) line += " (" + row_to_text(*image, tables.at(rows.table_id), {}) + ")";
      }
    }
    lines.push_back(line);
  }
  return lines;
}

/// Builds statements from made-up events of tables with one or two INT columns.
class Builder : public testing::Test {
 protected:
  void map(std::uint64_t table_id, const std::string& table, std::size_t columns = 1, const std::string& optional = "",
           std::uint16_t flags = 1) {
    ByteWriter body;
    body.u48(table_id);
    body.u16(flags);
    body.lenenc_text("db");
    body.u8(0);
    body.lenenc_text(table);
    body.u8(0);
    body.lenenc(columns);
    body.fill(columns, static_cast<std::uint8_t>(ColumnType::long_int));
    body.lenenc(0);
    body.fill((columns + 7) / 8, 0xff);
    body.bytes(from_hex(optional));
    const Bytes raw = make_event(EventType::table_map, body.view());
    builder_.add_table_map(EventView(raw, ChecksumAlgorithm::off), mariadb());
  }

  void write(std::uint64_t table_id, std::uint32_t value, std::uint16_t flags = 0, std::size_t columns = 1,
             EventType type = EventType::write_rows_v1) {
    ByteWriter body;
    body.u48(table_id);
    body.u16(flags);
    if (type == EventType::write_rows) body.bytes(from_hex("0500 01 0000"));
    body.lenenc(columns);
    body.u8(0xff);
    body.u8(0);
    for (std::size_t i = 0; i < columns; ++i) body.u32(value);
    const Bytes raw = make_event(type, body.view());
    builder_.add_rows(EventView(raw, ChecksumAlgorithm::off), mariadb());
  }

  /// An update of a row of two columns, with these bits for those before and after.
  void update(std::uint64_t table_id, std::uint8_t before, std::uint8_t after, std::uint16_t flags = 0) {
    ByteWriter body;
    body.u48(table_id);
    body.u16(flags);
    body.lenenc(2);
    body.u8(before);
    body.u8(after);
    for (const std::uint8_t bits : {before, after}) {
      body.u8(0);
      for (unsigned i = 0; i < 2; ++i) {
        if ((bits >> i & 1) != 0) body.u32(i);
      }
    }
    const Bytes raw = make_event(EventType::update_rows_v1, body.view());
    builder_.add_rows(EventView(raw, ChecksumAlgorithm::off), mariadb());
  }

  BinlogStatementBuilder builder_{mariadb(), k_server_id};
};

TEST_F(Builder, establishesTheFormatDescription) {
  const auto events = events_of(builder_.format_description_statement());
  ASSERT_EQ(events.size(), 1U);
  const FormatDescription read = FormatDescription::decode(events[0]);
  EXPECT_EQ(read.server_version, "10.11.6-MariaDB");
  EXPECT_EQ(read.checksum, ChecksumAlgorithm::off);
}

TEST_F(Builder, isEmptyWithoutRows) {
  EXPECT_EQ(builder_.size(), 0U);
  map(5, "t");
  EXPECT_EQ(builder_.size(), 0U);
  EXPECT_EQ(builder_.row_events(), 0U);
  EXPECT_TRUE(builder_.take().empty());
}

TEST_F(Builder, putsTableMapsFirstAndEndsOnce) {
  map(5, "t");
  map(6, "u");
  map(7, "unused");
  write(5, 1);
  write(6, 2, rows_flag::k_statement_end);
  map(9, "t");  // another id, the same table
  write(9, 3, rows_flag::k_statement_end);
  EXPECT_EQ(builder_.row_events(), 3U);
  const std::size_t size = builder_.size();
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_NEAR(static_cast<double>(size), static_cast<double>(statements[0].size()), 4);
  EXPECT_THAT(summary_of(statements[0]),
              ElementsAre("map db.t as 1", "map db.u as 2", "Write_rows_v1 1 flags 0: (@1=1)",
                          "Write_rows_v1 2 flags 0: (@1=2)", "Write_rows_v1 1 flags 1: (@1=3)"));
  EXPECT_EQ(builder_.size(), 0U);
  EXPECT_TRUE(builder_.take().empty());
}

TEST_F(Builder, beginsAStatementWhereFlagsChange) {
  const std::uint16_t no_checks = rows_flag::k_no_foreign_key_checks | rows_flag::k_mariadb_no_check_constraint_checks;
  map(5, "t");
  write(5, 1, no_checks);
  write(5, 2, no_checks | rows_flag::k_statement_end);
  map(5, "t");
  write(5, 3, 0x10 | rows_flag::k_statement_end);  // MySQL's flag for foreign keys, not known to MariaDB
  map(5, "t");
  write(5, 4, rows_flag::k_relaxed_unique_checks | rows_flag::k_statement_end);  // a permission that is not used
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_THAT(summary_of(statements[0]),
              ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 130: (@1=1)", "Write_rows_v1 1 flags 131: (@1=2)"));
  EXPECT_THAT(summary_of(statements[1]),
              ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 0: (@1=3)", "Write_rows_v1 1 flags 1: (@1=4)"));
}

TEST_F(Builder, beginsAStatementWhereADefinitionChanges) {
  map(5, "t");
  write(5, 1, rows_flag::k_statement_end);
  map(6, "t", 2);
  write(6, 2, rows_flag::k_statement_end, 2);
  map(6, "t", 2, "01 01 80");  // only optional metadata
  write(6, 3, rows_flag::k_statement_end, 2);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_THAT(summary_of(statements[0]), ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 1: (@1=1)"));
  EXPECT_THAT(summary_of(statements[1]), ElementsAre("map db.t as 2", "Write_rows_v1 2 flags 0: (@1=2, @2=2)",
                                                     "Write_rows_v1 2 flags 1: (@1=3, @2=3)"));
}

TEST_F(Builder, givesAnUpdateOfSomeColumnsOfAWholeRowItsOwnStatement) {
  map(5, "t", 2);
  write(5, 1, 0, 2);
  update(5, 3, 3);
  update(5, 1, 2);  // found by a key
  update(5, 3, 2);
  update(5, 3, 3);
  update(5, 0xff, 0xfe, rows_flag::k_statement_end);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 4U);
  EXPECT_THAT(summary_of(statements[0]), ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 0: (@1=1, @2=1)",
                                                     "Update_rows_v1 1 flags 0: (@1=0, @2=1) (@1=0, @2=1)",
                                                     "Update_rows_v1 1 flags 1: (@1=0) (@2=1)"));
  EXPECT_THAT(summary_of(statements[1]), ElementsAre("map db.t as 1", "Update_rows_v1 1 flags 1: (@1=0, @2=1) (@2=1)"));
  EXPECT_THAT(summary_of(statements[2]),
              ElementsAre("map db.t as 1", "Update_rows_v1 1 flags 1: (@1=0, @2=1) (@1=0, @2=1)"));
  EXPECT_THAT(summary_of(statements[3]), ElementsAre("map db.t as 1", "Update_rows_v1 1 flags 1: (@1=0, @2=1) (@2=1)"));
}

/// The same for a MySQL target.
class MysqlBuilder : public Builder {
 protected:
  void for_version(const std::string& version) {
    builder_ = BinlogStatementBuilder(FormatDescription::of_server(version), k_server_id);
  }
};

TEST_F(MysqlBuilder, makesVersion2OfVersion1) {
  for_version("9.7.4-2");
  const auto events = events_of(builder_.format_description_statement());
  ASSERT_EQ(events.size(), 1U);
  const FormatDescription read = FormatDescription::decode(events[0]);
  EXPECT_EQ(read.server_version, "9.7.4-2");
  EXPECT_EQ(read.post_header_length(EventType::write_rows), 10U);
  map(5, "t", 1, "", 0x4001);  // MariaDB's flag for triggers
  write(5, 1, 0);
  write(5, 2, rows_flag::k_statement_end, 1, EventType::write_rows);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(summary_of(statements[0]),
              ElementsAre("map db.t as 1", "Write_rows 1 flags 0: (@1=1)", "Write_rows 1 flags 1: (@1=2)"));
  const Bytes map_event = events_of(statements[0]).at(0);
  EXPECT_EQ(TableMap::decode(EventView(map_event, ChecksumAlgorithm::off), mariadb()).flags, 1U);
}

TEST_F(MysqlBuilder, takesUpdatesOfSomeColumnsTogether) {
  for_version("9.7.0");
  map(5, "t", 2);
  update(5, 3, 2);
  update(5, 3, 3, rows_flag::k_statement_end);
  EXPECT_EQ(builder_.take().size(), 1U);
}

TEST_F(MysqlBuilder, keepsTheFlagsThatTheVersionKnows) {
  const auto flags_of = [this](const std::string& version) {
    for_version(version);
    map(5, "t");
    write(5, 1, 0x97);  // with the permission to check no unique keys, which is not used
    const auto statements = builder_.take();
    return summary_of(statements.at(0)).at(1);
  };
  EXPECT_EQ(flags_of("9.6.0"), "Write_rows 1 flags 19: (@1=1)");
  EXPECT_EQ(flags_of("8.0.36"), "Write_rows 1 flags 3: (@1=1)");
}

TEST_F(Builder, makesVersion1OfVersion2) {
  map(5, "t");
  write(5, 1, rows_flag::k_statement_end, 1, EventType::write_rows);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(summary_of(statements[0]), ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 1: (@1=1)"));
}

TEST_F(Builder, keepsOpenTableMapsAcrossTake) {
  map(5, "t");
  write(5, 1);
  EXPECT_EQ(builder_.take().size(), 1U);
  write(5, 2, rows_flag::k_statement_end);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(summary_of(statements[0]), ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 1: (@1=2)"));
}

TEST_F(Builder, refusesRowsWithoutTheirTableMap) {
  EXPECT_EQ(error_of([&] { write(5, 1); }), 1610);
  map(5, "t");
  write(5, 1, rows_flag::k_statement_end);
  EXPECT_EQ(error_of([&] { write(5, 1); }), 1610) << "the statement was over";
  map(5, "t");
  builder_.clear();
  EXPECT_EQ(error_of([&] { write(5, 1); }), 1610);
  EXPECT_TRUE(builder_.take().empty());
}

TEST_F(Builder, endsAStatementAtADummyEvent) {
  map(5, "t");
  write(5, 1);
  write(0x00ffffff, 0, rows_flag::k_statement_end);
  EXPECT_EQ(error_of([&] { write(5, 1); }), 1610);
  const auto statements = builder_.take();
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(summary_of(statements[0]), ElementsAre("map db.t as 1", "Write_rows_v1 1 flags 1: (@1=1)"));
}

TEST_F(Builder, survivesADamagedFirstEvent) {
  map(5, "t");
  const Bytes raw =
      make_event(EventType::mariadb_write_rows_compressed_v1, from_hex("050000000000 0100 01 01 81 05 ffff"));
  EXPECT_EQ(error_of([&] { builder_.add_rows(EventView(raw, ChecksumAlgorithm::off), mariadb()); }), 1610);
  EXPECT_TRUE(builder_.take().empty());
}

TEST_F(Builder, forgetsDefinitionsOnlyBetweenStatements) {
  for (std::uint32_t i = 0; i < 5000; ++i) {
    map(i + 1, "t" + std::to_string(i));
    write(i + 1, i, rows_flag::k_statement_end);
  }
  map(5001, "open");
  EXPECT_EQ(builder_.take().size(), 1U);
  write(5001, 7, rows_flag::k_statement_end);
  EXPECT_THAT(summary_of(builder_.take().at(0)),
              ElementsAre("map db.open as 5001", "Write_rows_v1 5001 flags 1: (@1=7)"));
  map(1, "t1");
  write(1, 8, rows_flag::k_statement_end);
  EXPECT_THAT(summary_of(builder_.take().at(0)), ElementsAre("map db.t1 as 1", "Write_rows_v1 1 flags 1: (@1=8)"));
}

TEST(BinlogStatement, holdsTheRowsOfRealFilesUnchanged) {
  std::size_t rows_seen = 0;
  for (const auto& file : binlog_files()) {
    BinlogStatementBuilder builder(mariadb(), k_server_id);
    std::vector<std::string> wanted;
    Bytes scratch;
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
      if (event.type() == EventType::table_map) builder.add_table_map(event, description);
      if (!is_rows_event(event.type())) return;
      builder.add_rows(event, description);
      const RowsEvent rows = RowsEvent::decode(event, description, scratch);
      wanted.push_back(to_hex(rows.before_columns) + to_hex(rows.after_columns) + to_hex(rows.rows));
    });
    std::vector<std::string> found;
    for (const std::string& statement : builder.take()) {
      const auto events = events_of(statement);
      for (const Bytes& raw : events) {
        const EventView event(raw, ChecksumAlgorithm::off);
        if (event.type() == EventType::table_map) {
          EXPECT_TRUE(TableMap::decode(event, mariadb()).optional_metadata.empty());
          continue;
        }
        const RowsEvent rows = RowsEvent::decode(event, mariadb(), scratch);
        EXPECT_EQ(rows.ends_statement(), &raw == &events.back());
        found.push_back(to_hex(rows.before_columns) + to_hex(rows.after_columns) + to_hex(rows.rows));
      }
    }
    EXPECT_EQ(found, wanted) << file;
    rows_seen += found.size();
  }
  EXPECT_GT(rows_seen, 60U);
}

}  // namespace
}  // namespace tributary::binlog
