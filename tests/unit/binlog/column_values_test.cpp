#include "tributary/binlog/column_values.hpp"

#include <map>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tributary/binlog/json.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

constexpr int k_corrupt = 1610;
constexpr int k_no_document = 1593;

std::string modern(const std::string& hex, ColumnType type, std::uint16_t digits) {
  Bytes bytes;
  append_modern_temporal(from_hex(hex), {type, digits, true}, bytes);
  return to_hex(bytes);
}

TEST(ColumnValues, OldTemporals) {
  EXPECT_EQ(modern("c01dfe", ColumnType::time, 0), "7f3748") << "-12:34:56";
  EXPECT_EQ(modern("01cce05f", ColumnType::time, 1), "7ffffff6") << "-00:00:00.1";
  EXPECT_EQ(modern("00000003e9", ColumnType::time, 3), "4b9105d8fa") << "-838:59:58.999";
  EXPECT_EQ(modern("02c9c9c4a214", ColumnType::time, 6), "80c8b80c0a14") << "12:34:56.789012";
  EXPECT_EQ(modern("15cd5b07", ColumnType::timestamp, 0), "075bcd15");
  EXPECT_EQ(modern("075bcd15 01e240", ColumnType::timestamp, 6), "075bcd1501e240");
  EXPECT_EQ(modern("075bcd15 04d2", ColumnType::timestamp, 4), "075bcd1504d2");
  EXPECT_EQ(modern("075bcd15 5b", ColumnType::timestamp, 2), "075bcd155b");
}

TEST(ColumnValues, OldTemporalsThatAreNone) {
  const auto error = [](const std::string& hex, ColumnType type, std::uint16_t digits) {
    return error_of([&] { modern(hex, type, digits); });
  };
  EXPECT_EQ(error("ffffffffffffffff", ColumnType::datetime, 0), k_corrupt);
  EXPECT_EQ(error("ffffffffffff", ColumnType::datetime, 1), k_corrupt);
  EXPECT_EQ(error("ffffff", ColumnType::datetime, 1), k_corrupt) << "too short";
  EXPECT_EQ(error("ffffffff", ColumnType::time, 1), k_corrupt);
  EXPECT_EQ(error("9cea00", ColumnType::time, 0), k_corrupt) << "06:00:60";
  EXPECT_EQ(error("00000000ff", ColumnType::timestamp, 2), k_corrupt);
  EXPECT_EQ(error("00000000", ColumnType::timestamp, 7), k_corrupt);
  EXPECT_EQ(error("00000000", ColumnType::long_int, 0), k_corrupt);
}

TEST(ColumnValues, CompressedColumns) {
  const auto plain = [](const std::string& hex) {
    Bytes bytes;
    append_uncompressed_column(from_hex(hex), bytes);
    return std::string(as_text(bytes));
  };
  EXPECT_EQ(plain(""), "");
  EXPECT_EQ(plain("00 616263"), "abc");
  // zlib.compress(b"a" * 50), and the same without zlib's header and checksum
  EXPECT_EQ(plain("81 32 789c4b4c24150000 e35c12f3"), std::string(50, 'a'));
  EXPECT_EQ(plain("89 32 4b4c24150000"), std::string(50, 'a'));
  for (const char* hex : {"80", "81", "91 32 00", "81 33 789c4b4c24150000 e35c12f3", "84 ffffffff 4b4c",
                          "85 0000000001 00", "81 32 00"}) {
    EXPECT_EQ(error_of([&] { plain(hex); }), k_corrupt) << hex;
  }
}

/// Calls @p visit for each PARTIAL_UPDATE_ROWS event of @p file with the map of its table.
template <typename Visit>
void for_each_partial_update(const std::string& file, Visit visit) {
  std::map<std::uint64_t, TableMap> maps;
  for_each_event(binlog_file(file), [&](const EventView& event, const FormatDescription& source, std::uint64_t) {
    if (event.type() == EventType::table_map) {
      TableMap map = TableMap::decode(event, source);
      maps[map.table_id] = std::move(map);
    } else if (event.type() == EventType::partial_update_rows) {
      visit(event, source, maps.at(ByteReader(event.body()).u48()));
    }
  });
}

TEST(ColumnValues, PartialUpdatesBecomeWhole) {
  int events = 0;
  int minimal = 0;  // without the document before
  std::string texts;
  for_each_partial_update("mysql-9.7/partial_json.binlog",
                          [&](const EventView& event, const FormatDescription& source, const TableMap& map) {
                            ++events;
                            if (error_of([&] { expand_partial_update(event, source, map); }) == k_no_document) {
                              ++minimal;
                              return;
                            }
                            const Bytes whole = expand_partial_update(event, source, map);
                            const EventView view(whole, ChecksumAlgorithm::off);
                            EXPECT_EQ(view.type(), EventType::update_rows_v1);
                            Bytes scratch;
                            const RowsEvent rows = RowsEvent::decode(view, source, scratch);
                            RowsReader reader(rows, map);
                            while (reader.next()) {
                              for (const RowImage* image : {&reader.before(), &reader.after()}) {
                                for (const Cell& cell : image->cells()) {
                                  if (map.columns[cell.column].type != ColumnType::json || cell.is_null) continue;
                                  append_json_text(cell.bytes, texts);
                                  texts += image == &reader.before() ? " -> " : "\n";
                                }
                              }
                            }
                          });
  EXPECT_EQ(events, 8);
  EXPECT_EQ(minimal, 2);
  EXPECT_NE(texts.find(" -> "), std::string::npos);
}

TEST(ColumnValues, DamagedPartialUpdatesAreErrors) {
  for_each_partial_update("mysql-9.7/partial_json.binlog", [&](const EventView& event, const FormatDescription& source,
                                                               const TableMap& map) {
    const auto expand = [&](const Bytes& bytes) {
      const int code = error_of([&] { expand_partial_update(EventView(bytes, event.checksum()), source, map); });
      EXPECT_TRUE(code == 0 || code == k_corrupt || code == k_no_document) << code;
    };
    const Bytes original(event.raw().begin(), event.raw().end());
    for (std::size_t size = EventHeader::k_length + 4; size < original.size(); ++size) {
      Bytes cut(original.begin(), original.begin() + static_cast<std::ptrdiff_t>(size));
      store_little_endian(cut.data() + 9, size, 4);
      expand(cut);
    }
    for (std::size_t at = EventHeader::k_length; at < original.size(); ++at) {
      Bytes changed = original;
      changed[at] ^= 0xff;
      expand(changed);
    }
  });
}

}  // namespace
}  // namespace tributary::binlog
