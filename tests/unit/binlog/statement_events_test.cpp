#include "tributary/binlog/statement_events.hpp"

#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

StatusVariables variables_of(const std::string& hex) {
  return StatusVariables::decode(from_hex(hex));
}

template <typename Event>
Event decoded(EventType type, const std::string& body) {
  const Bytes raw = make_event(type, from_hex(body));
  return Event::decode(EventView(raw, ChecksumAlgorithm::off));
}

/// All QUERY events of a file.
std::vector<QueryEvent> queries_of(const std::string& file) {
  std::vector<QueryEvent> queries;
  for_each_event(binlog_file(file), [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
    if (event.type() == EventType::query || event.type() == EventType::mariadb_query_compressed) {
      queries.push_back(QueryEvent::decode(event, description));
    }
  });
  return queries;
}

TEST(StatusVariables, areReadInAnyOrder) {
  const StatusVariables all = variables_of(
      "83 02 2100 0008 2d00 2d00 | 00 00400004 | 01 0000205400000000 | 06 03 737464 | 03 0500 0200 | 04 2100 2100 ff00 "
      "| "
      "05 06 2b30323a3030 | 07 0400 | 08 0800 | 09 0300000000000000 | 0a 01000000 | 0b 01 75 01 68 | 0c 02 6400 6500 | "
      "0d 40e201 | 10 01 | 11 0500000000000000 | 12 ff00 | 13 00 | 14 01 | 15 01");
  EXPECT_EQ(all.flags2, 0x04004000U);
  EXPECT_EQ(all.sql_mode, 0x54200000U);
  EXPECT_EQ(all.catalog, "std");
  EXPECT_EQ(all.auto_increment->increment, 5);
  EXPECT_EQ(all.auto_increment->offset, 2);
  EXPECT_EQ(all.charset->client, 33);
  EXPECT_EQ(all.charset->collation_server, 255);
  EXPECT_EQ(all.time_zone, "+02:00");
  EXPECT_EQ(all.lc_time_names, 4);
  EXPECT_EQ(all.charset_database, 8);
  EXPECT_EQ(all.table_map_for_update, 3U);
  EXPECT_EQ(all.invoker->user, "u");
  EXPECT_EQ(all.invoker->host, "h");
  EXPECT_THAT(*all.updated_databases, testing::ElementsAre("d", "e"));
  EXPECT_EQ(all.microseconds, 123456U);
  EXPECT_EQ(all.explicit_defaults_for_timestamp, true);
  EXPECT_EQ(all.ddl_xid, 5U);
  EXPECT_EQ(all.default_collation_for_utf8mb4, 255);
  EXPECT_EQ(all.sql_require_primary_key, false);
  EXPECT_EQ(all.default_table_encryption, true);
  EXPECT_EQ(all.enable_cascade_triggers, true);
  EXPECT_THAT(all.character_set_collations, testing::ElementsAre(std::pair<std::uint16_t, std::uint16_t>{0x21, 0x800},
                                                                 std::pair<std::uint16_t, std::uint16_t>{45, 45}));
  EXPECT_FALSE(all.unknown_code);
}

TEST(StatusVariables, knowMariadbsOwn) {
  const StatusVariables start = variables_of("80 40e201 | 81 0700000000000000 | 82 02");
  EXPECT_EQ(start.microseconds, 123456U);
  EXPECT_EQ(start.ddl_xid, 7U);
  EXPECT_EQ(start.gtid_flags_extra, 2);
  EXPECT_FALSE(start.start_alter_seq_no);
  EXPECT_EQ(variables_of("82 04 0d00000000000000").start_alter_seq_no, 13U);
}

TEST(StatusVariables, stopAtAnUnknownCode) {
  const StatusVariables some = variables_of("07 0400 | 7f 0102 | 08 0800");
  EXPECT_EQ(some.lc_time_names, 4);
  EXPECT_EQ(some.unknown_code, 0x7f);
  EXPECT_FALSE(some.charset_database);
}

TEST(StatusVariables, doNotListTooManyDatabases) {
  EXPECT_FALSE(variables_of("0c fe").updated_databases);
  EXPECT_EQ(error_of([] { variables_of("0c 11"); }), 1610);
}

TEST(StatusVariables, areRefusedWhenCutOff) {
  for (const char* cut : {"00 000000", "01 00", "03 0500 02", "04 2100 2100", "05 06 2b30", "0b 01 75 05 68",
                          "0c 01 64", "0d 4000", "82 04 0d", "83 01 2100"}) {
    EXPECT_EQ(error_of([&] { variables_of(cut); }), 1610) << cut;
  }
}

TEST(QueryEvent, readsRealStatements) {
  const auto queries = queries_of("mariadb1011-bin.000021");
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].database, "shop");
  EXPECT_EQ(queries[0].query, "create table loaded (a int auto_increment primary key, b varchar(20))");
  EXPECT_EQ(queries[0].error_code, 0);
  EXPECT_TRUE(queries[0].status.sql_mode);
  EXPECT_TRUE(queries[0].status.charset);
  EXPECT_TRUE(queries[0].status.ddl_xid);
  EXPECT_EQ(queries[1].query, "insert into loaded (b) values (rand())");
}

TEST(QueryEvent, readsCompressedStatements) {
  const auto queries = queries_of("mariadb1011-bin.000020");
  EXPECT_EQ(queries[0].query, "create database shop");
  EXPECT_EQ(queries[1].query,
            "create table note (id int unsigned not null auto_increment primary key, body varchar(400) character set "
            "utf8mb4, doc blob, colour enum('red','green'), parts set('a','b','c'))");
}

TEST(QueryEvent, refusesLengthsThatDoNotFit) {
  const auto error_with = [](std::uint8_t database_length, std::uint16_t status_length) {
    ByteWriter body;
    body.fill(8);
    body.u8(database_length);
    body.u16(0);
    body.u16(status_length);
    body.text("db");
    body.u8(0);
    body.text("select 1");
    const Bytes raw = make_event(EventType::query, body.view());
    return error_of([&] { QueryEvent::decode(EventView(raw, ChecksumAlgorithm::off), mariadb()); });
  };
  EXPECT_EQ(error_with(2, 0), 0);
  EXPECT_EQ(error_with(1, 0), 1610) << "no zero byte behind the name";
  EXPECT_EQ(error_with(200, 0), 1610);
  EXPECT_EQ(error_with(2, 60000), 1610);
}

TEST(IntvarEvent, readsBothKinds) {
  const auto insert_id = decoded<IntvarEvent>(EventType::intvar, "02 0500000000000000");
  EXPECT_EQ(insert_id.kind, IntvarKind::insert_id);
  EXPECT_EQ(insert_id.value, 5U);
  EXPECT_EQ(error_of([] { decoded<IntvarEvent>(EventType::intvar, "03 0500000000000000"); }), 1610);
}

TEST(UserVarEvent, givesLiterals) {
  EXPECT_EQ(decoded<UserVarEvent>(EventType::user_var, "01000000 69 01").value_to_sql(), "NULL");
  EXPECT_EQ(decoded<UserVarEvent>(EventType::user_var, "01000000 69 00 02 3f000000 08000000 fbffffffffffffff 00")
                .value_to_sql(),
            "-5");
  EXPECT_EQ(decoded<UserVarEvent>(EventType::user_var, "01000000 69 00 02 3f000000 08000000 fbffffffffffffff 01")
                .value_to_sql(),
            "CAST(18446744073709551611 AS UNSIGNED)");
  EXPECT_EQ(decoded<UserVarEvent>(EventType::user_var, "01000000 64 00 04 3f000000 04000000 04028c22").value_to_sql(),
            "CAST(12.34 AS DECIMAL(4,2))");
  // DECIMAL(10,0), and DECIMAL(65,0) in whole groups of nine digits
  EXPECT_EQ(
      decoded<UserVarEvent>(EventType::user_var, "01000000 64 00 04 3f000000 07000000 0a00 8000000005").value_to_sql(),
      "CAST(5 AS DECIMAL(10,0))");
  EXPECT_EQ(decoded<UserVarEvent>(EventType::user_var,
                                  "01000000 64 00 04 3f000000 22000000 4800 80000063 3b9ac9ff 3b9ac9ff 3b9ac9ff "
                                  "3b9ac9ff 3b9ac9ff 3b9ac9ff 3b9ac9ff")
                .value_to_sql(),
            "CAST(" + std::string(65, '9') + " AS DECIMAL(65,0))");
  const auto text = decoded<UserVarEvent>(EventType::user_var, "01000000 75 00 00 2d000000 02000000 c3a9");
  EXPECT_EQ(text.value_to_sql(), "x'c3a9'");
  EXPECT_EQ(text.collation, 45U);
  EXPECT_EQ(
      decoded<UserVarEvent>(EventType::user_var, "01000000 72 00 01 3f000000 08000000 9a9999999999b93f").value_to_sql(),
      "1.00000000000000006e-01");
  const auto point =
      decoded<UserVarEvent>(EventType::user_var, "01000000 67 00 00 3f000000 01000000 00 02 05 706f696e74");
  EXPECT_EQ(point.data_type_name, "point");
}

TEST(UserVarEvent, refusesWhatDoesNotFit) {
  for (const char* bad :
       {"ff000000 69 01", "01000000 69 00 03 3f000000 01000000 00", "01000000 69 00 05 3f000000 01000000 00",
        "01000000 69 00 02 3f000000 04000000 00000000", "01000000 69 00 00 3f000000 ffffffff 00"}) {
    EXPECT_EQ(error_of([&] { decoded<UserVarEvent>(EventType::user_var, bad); }), 1610) << bad;
  }
  EXPECT_EQ(
      error_of([] {
        std::ignore =
            decoded<UserVarEvent>(EventType::user_var, "01000000 64 00 04 3f000000 03000000 04028c").value_to_sql();
      }),
      1610);
  EXPECT_EQ(error_of([] {
              std::ignore =
                  decoded<UserVarEvent>(EventType::user_var, "01000000 64 00 01 3f000000 08000000 000000000000f07f")
                      .value_to_sql();
            }),
            1610)
      << "infinity has no literal";
}

TEST(LoadData, isReadFromARealFile) {
  std::string content;
  ExecuteLoadQueryEvent load;
  for_each_event(binlog_file("mariadb1011-bin.000021"),
                 [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
                   if (event.type() == EventType::begin_load_query) {
                     const auto block = LoadBlockEvent::decode(event);
                     EXPECT_EQ(block.file_id, 2U);
                     content += as_text(block.block);
                   } else if (event.type() == EventType::execute_load_query) {
                     load = ExecuteLoadQueryEvent::decode(event, description);
                   }
                 });
  EXPECT_EQ(content, "1\tone\n2\ttwo\n");
  EXPECT_EQ(load.file_id, 2U);
  EXPECT_EQ(load.query.database, "shop");
  EXPECT_EQ(load.query.query.substr(0, 45), "LOAD DATA LOCAL INFILE 'ld.txt' IGNORE INTO T");
  EXPECT_EQ(load.query.query.substr(load.file_name_start, load.file_name_end - load.file_name_start),
            " LOCAL INFILE 'ld.txt' IGNORE INTO");
  EXPECT_EQ(load.duplicates, LoadDuplicates::ignore);
}

TEST(LoadData, refusesAFileNameOutsideOfTheStatement) {
  const auto error_with = [](std::uint32_t start, std::uint32_t end, std::uint8_t duplicates) {
    ByteWriter body;
    body.fill(13);
    body.u32(1);
    body.u32(start);
    body.u32(end);
    body.u8(duplicates);
    body.u8(0);
    body.text("LOAD DATA");
    const Bytes raw = make_event(EventType::execute_load_query, body.view());
    return error_of([&] { ExecuteLoadQueryEvent::decode(EventView(raw, ChecksumAlgorithm::off), mariadb()); });
  };
  EXPECT_EQ(error_with(4, 9, 2), 0);
  EXPECT_EQ(error_with(4, 10, 0), 1610);
  EXPECT_EQ(error_with(5, 4, 0), 1610);
  EXPECT_EQ(error_with(4, 9, 3), 1610);
}

TEST(RowsQuery, skipsMysqlsLengthByte) {
  const Bytes mysql = make_event(EventType::rows_query, from_hex("02 6162"));
  EXPECT_EQ(decode_rows_query(EventView(mysql, ChecksumAlgorithm::off)), "ab");
  const Bytes annotation = make_event(EventType::mariadb_annotate_rows, from_hex("6162"));
  EXPECT_EQ(decode_rows_query(EventView(annotation, ChecksumAlgorithm::off)), "ab");
}

}  // namespace
}  // namespace tributary::binlog
