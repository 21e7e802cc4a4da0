#include "tributary/binlog/table_maps.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// Table 5, t.`name`, with a column INT, or BIGINT.
Bytes map_event(const char* name, bool bigint = false) {
  return make_event(EventType::table_map, from_hex(std::string("050000000000 0100 01 74 00 01 ") + name + " 00 01 " +
                                                   (bigint ? "08" : "03") + " 00 01"));
}

TEST(TableMaps, holdForAStatement) {
  TableMaps maps;
  EXPECT_EQ(maps.find(5), nullptr);
  const Bytes raw = map_event("61");
  const EventView event(raw, ChecksumAlgorithm::off);
  EXPECT_EQ(maps.add(event, mariadb()).map.table, "a");
  ASSERT_NE(maps.find(5), nullptr);
  EXPECT_EQ(maps.find(5)->map.table, "a");
  EXPECT_EQ(maps.find(5)->metadata.columns.size(), 1U);
  EXPECT_EQ(maps.find(6), nullptr);
  maps.end_statement();
  EXPECT_EQ(maps.find(5), nullptr);
  maps.add(event, mariadb());
  EXPECT_NE(maps.find(5), nullptr);
  maps.clear();
  EXPECT_EQ(maps.find(5), nullptr);
}

TEST(TableMaps, noticeThatANumberIsAnotherTables) {
  TableMaps maps;
  const Bytes first = map_event("61");
  const Bytes second = map_event("62");
  const Bytes altered = map_event("62", true);
  EXPECT_EQ(maps.add(EventView(first, ChecksumAlgorithm::off), mariadb()).map.table, "a");
  EXPECT_EQ(maps.add(EventView(second, ChecksumAlgorithm::off), mariadb()).map.table, "b");
  EXPECT_EQ(maps.add(EventView(altered, ChecksumAlgorithm::off), mariadb()).map.columns[0].type, ColumnType::longlong);
  EXPECT_EQ(maps.find(5)->map.columns[0].type, ColumnType::longlong);
}

TEST(TableMaps, doNotKeepADamagedDescription) {
  TableMaps maps;
  const Bytes good = map_event("61");
  maps.add(EventView(good, ChecksumAlgorithm::off), mariadb());
  const Bytes damaged = make_event(EventType::table_map, from_hex("050000000000 0100 01 74 00 01 62"));
  EXPECT_EQ(error_of([&] { maps.add(EventView(damaged, ChecksumAlgorithm::off), mariadb()); }), 1610);
  EXPECT_EQ(maps.find(5), nullptr);
  EXPECT_EQ(error_of([&] { maps.add(EventView(damaged, ChecksumAlgorithm::off), mariadb()); }), 1610);
  EXPECT_EQ(maps.add(EventView(good, ChecksumAlgorithm::off), mariadb()).map.table, "a");
}

TEST(TableMaps, doNotGrowWithoutEnd) {
  TableMaps maps;
  Bytes raw = map_event("61");
  for (std::uint64_t id = 1; id <= 20000; ++id) {
    store_little_endian(raw.data() + EventHeader::k_length, id, 6);
    maps.add(EventView(raw, ChecksumAlgorithm::off), mariadb());
    ASSERT_EQ(maps.find(id)->map.table_id, id);
    maps.end_statement();
    ASSERT_EQ(maps.find(id), nullptr);
  }
}

}  // namespace
}  // namespace tributary::binlog
