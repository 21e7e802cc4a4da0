#include "tributary/binlog/rows_event.hpp"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// Row events and their table maps, of two columns: INT, VARCHAR(20).
class Rows : public testing::Test {
 protected:
  Rows() {
    table_.table_id = 7;
    table_.database = "db";
    table_.table = "t";
    table_.columns = {{ColumnType::long_int, 0, true}, {ColumnType::varchar, 20, true}};
  }

  RowsEvent decode(EventType type, const std::string& body) {
    event_ = make_event(type, from_hex(body));
    return RowsEvent::decode(EventView(event_, ChecksumAlgorithm::off), description_, scratch_);
  }

  FormatDescription description_ = mariadb();
  TableMap table_;
  Bytes event_;
  Bytes scratch_;
};

TEST_F(Rows, areReadFromVersion1) {
  const RowsEvent event =
      decode(EventType::write_rows_v1, "070000000000 0100 | 02 | 03 | 00 05000000 02 6162 | 02 06000000 | 01 00");
  EXPECT_EQ(event.kind, RowsKind::write);
  EXPECT_EQ(event.table_id, 7U);
  EXPECT_TRUE(event.ends_statement());
  RowsReader reader(event, table_);
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.before().empty());
  ASSERT_EQ(reader.after().cells().size(), 2U);
  EXPECT_EQ(to_hex(reader.after().cells()[0].bytes), "05000000");
  EXPECT_EQ(as_text(reader.after().cells()[1].bytes), "ab");
  EXPECT_EQ(to_hex(reader.after().raw()), "0005000000026162");
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.after().cells()[1].is_null);
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.after().cells()[0].is_null);
  EXPECT_FALSE(reader.after().cells()[1].is_null);
  EXPECT_TRUE(reader.after().cells()[1].bytes.empty()) << "an empty string is not NULL";
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST_F(Rows, areReadFromVersion2WithPartitions) {
  const RowsEvent event =
      decode(EventType::update_rows, "070000000000 0000 | 0700 01 0100 0200 | 02 | 01 | 02 | 00 05000000 | 00 01 78");
  EXPECT_EQ(event.kind, RowsKind::update);
  EXPECT_EQ(event.partition_id, 1);
  EXPECT_EQ(event.source_partition_id, 2);
  EXPECT_FALSE(event.ends_statement());
  RowsReader reader(event, table_);
  ASSERT_TRUE(reader.next());
  ASSERT_EQ(reader.before().cells().size(), 1U);
  EXPECT_EQ(reader.before().find(1), nullptr);
  ASSERT_NE(reader.after().find(1), nullptr);
  EXPECT_EQ(as_text(reader.after().find(1)->bytes), "x");
  EXPECT_FALSE(reader.next());
}

TEST_F(Rows, skipExtraDataThatIsNotKnown) {
  EXPECT_FALSE(decode(EventType::delete_rows, "070000000000 0000 | 0500 63 0102 | 02 | 03").partition_id);
  EXPECT_EQ(decode(EventType::delete_rows, "070000000000 0000 | 0900 00 03 00 ff 01 0300 | 02 | 03").partition_id, 3)
      << "after a chunk of NDB";
  EXPECT_EQ(error_of([&] { decode(EventType::delete_rows, "070000000000 0000 | 0100 02 03"); }), 1610);
  EXPECT_EQ(error_of([&] { decode(EventType::delete_rows, "070000000000 0000 | ff00 02 03"); }), 1610);
}

TEST_F(Rows, ofDamagedEventsAreRefused) {
  const auto error_of_rows = [this](const std::string& body) {
    return error_of([&] {
      const RowsEvent event = decode(EventType::write_rows_v1, body);
      RowsReader reader(event, table_);
      while (reader.next()) {
      }
    });
  };
  const std::string start = "070000000000 0100 |";
  EXPECT_EQ(error_of_rows(start + "02 03 00 05000000 02 6162"), 0);
  EXPECT_EQ(error_of_rows(start + "02 03 00 05000000 03 6162"), 1610) << "a value past the end";
  EXPECT_EQ(error_of_rows(start + "02 03 00 050000"), 1610);
  EXPECT_EQ(error_of_rows(start + "03 07 00 05000000 02 6162"), 1610) << "another number of columns";
  EXPECT_EQ(error_of_rows(start + "02 00 ff"), 1610) << "rows without columns";
  EXPECT_EQ(error_of_rows(start + "fe ffffffffffffffff 03"), 1610) << "absurd number of columns";
  EXPECT_EQ(error_of([&] { decode(EventType::pre_ga_write_rows, start + "02 03"); }), 1610);
  EXPECT_EQ(error_of([&] { decode(EventType::partial_update_rows, start + "0200 02 03 03"); }), 1610);
}

TEST_F(Rows, ofDamagedCompressedEventsAreRefused) {
  const std::string start = "070000000000 0100 | 02 | 03 |";
  const auto error_of_block = [&](const std::string& block) {
    return error_of([&] { decode(EventType::mariadb_write_rows_compressed_v1, start + block); });
  };
  EXPECT_EQ(error_of_block(""), 1610);
  EXPECT_EQ(error_of_block("81"), 1610);
  EXPECT_EQ(error_of_block("01 05 0000"), 1610) << "the top bit is always set";
  EXPECT_EQ(error_of_block("91 05 0000"), 1610) << "an unknown method";
  EXPECT_EQ(error_of_block("85 0000000005 00"), 1610);
  EXPECT_EQ(error_of_block("81 05 ffffff"), 1610) << "not a zlib stream";
  EXPECT_EQ(error_of_block("84 ffffffff 789c"), 1610) << "no memory for a length that cannot be";
}

TEST_F(Rows, ofCompressedEventsTakeTheMemoryOfWhatIsInThem) {
  // An empty stored block, then what is none: by its length the stream could hold what it announces.
  Bytes body = from_hex("070000000000 0100 02 03 84 40000000 7801 00 0000 ffff");
  body.resize(body.size() + (std::size_t{1} << 20));
  const Bytes raw = make_event(EventType::mariadb_write_rows_compressed_v1, body);
  const EventView event(raw, ChecksumAlgorithm::off);
  Bytes scratch;
  EXPECT_EQ(error_of([&] { RowsEvent::decode(event, description_, scratch); }), 1610);
  EXPECT_LT(scratch.capacity(), std::size_t{32} << 20) << "it announces 1 GiB";

  // 64 MiB that are there.
  Bytes content(std::size_t{64} << 20);
  Bytes packed(libdeflate_zlib_compress_bound(nullptr, content.size()));
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(1);
  packed.resize(libdeflate_zlib_compress(compressor, content.data(), content.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  body = from_hex("070000000000 0100 02 03 84 04000000");
  body.insert(body.end(), packed.begin(), packed.end());
  const Bytes whole = make_event(EventType::mariadb_write_rows_compressed_v1, body);
  EXPECT_EQ(RowsEvent::decode(EventView(whole, ChecksumAlgorithm::off), description_, scratch).rows.size(),
            content.size());
}

TEST_F(Rows, keepNoStateBetweenEvents) {
  RowsReader reader;
  EXPECT_FALSE(reader.next());
  const RowsEvent first = decode(EventType::write_rows_v1, "070000000000 0100 | 02 | 03 | 00 05000000 00");
  reader.reset(first, table_);
  EXPECT_TRUE(reader.next());
  const RowsEvent second = decode(EventType::delete_rows_v1, "070000000000 0100 | 02 | 01 | 00 05000000");
  reader.reset(second, table_);
  EXPECT_TRUE(reader.after().empty());
  EXPECT_TRUE(reader.next());
  EXPECT_TRUE(reader.after().empty());
  EXPECT_EQ(reader.before().cells().size(), 1U);
}

}  // namespace
}  // namespace tributary::binlog
