// Walks over all binlog files in tests/data: every event decodes, to its end.

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/statement_events.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/util/error.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// Decodes every event as an applier would; row events with the table maps before them.
class Decoder {
 public:
  void decode(const EventView& event, const FormatDescription& description) {
    switch (event.type()) {
      case EventType::query:
      case EventType::mariadb_query_compressed:
        unknown_variables += QueryEvent::decode(event, description).status.unknown_code ? 1 : 0;
        break;
      case EventType::rotate:
        RotateEvent::decode(event);
        break;
      case EventType::intvar:
        IntvarEvent::decode(event);
        break;
      case EventType::rand:
        RandEvent::decode(event);
        break;
      case EventType::user_var:
        text_length += UserVarEvent::decode(event).value_to_sql().size();
        break;
      case EventType::xid:
        decode_xid(event);
        break;
      case EventType::begin_load_query:
      case EventType::append_block:
        LoadBlockEvent::decode(event);
        break;
      case EventType::execute_load_query:
        ExecuteLoadQueryEvent::decode(event, description);
        break;
      case EventType::rows_query:
      case EventType::mariadb_annotate_rows:
        text_length += decode_rows_query(event).size();
        break;
      case EventType::gtid:
      case EventType::anonymous_gtid:
      case EventType::gtid_tagged:
        MysqlGtidEvent::decode(event);
        break;
      case EventType::mariadb_gtid:
        MariadbGtidEvent::decode(event);
        break;
      case EventType::mariadb_gtid_list:
        GtidListEvent::decode(event);
        break;
      case EventType::previous_gtids:
        decode_previous_gtids(event);
        break;
      case EventType::xa_prepare:
        XaPrepareEvent::decode(event);
        break;
      case EventType::mariadb_start_encryption:
        StartEncryptionEvent::decode(event);
        break;
      case EventType::table_map: {
        const TableMap map = TableMap::decode(event, description);
        metadata_[map.table_id] = map.metadata(description);
        tables_[map.table_id] = map;
        break;
      }
      default:
        if (is_rows_event(event.type())) decode_rows(event, description);
        break;
    }
    seen.insert(event.type());
  }

  std::set<EventType> seen;
  std::size_t rows = 0;
  std::size_t row_bytes = 0;       ///< of all row images
  std::size_t row_part_bytes = 0;  ///< of what row events hold behind their bitmaps
  std::size_t unknown_variables = 0;
  std::size_t text_length = 0;

 private:
  /// Tables written with mysql56_temporal_format=OFF: only their definitions know the fractions.
  static void set_old_fractions(TableMap& table) {
    static constexpr std::array<std::uint16_t, 13> k_old = {0, 0, 1, 3, 6, 0, 1, 3, 6, 0, 1, 3, 6};
    static constexpr std::array<std::uint16_t, 11> k_old2 = {1, 2, 3, 4, 5, 2, 4, 5, 2, 4, 5};
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      if (table.table == "old" && column < k_old.size()) table.columns[column].metadata = k_old[column];
      if (table.table == "old2" && column < k_old2.size()) table.columns[column].metadata = k_old2[column];
    }
  }

  void decode_rows(const EventView& event, const FormatDescription& description) {
    const RowsEvent rows_event = RowsEvent::decode(event, description, scratch_);
    const auto known = tables_.find(rows_event.table_id);
    if (known == tables_.end()) throw Error(error_code::k_corrupt_event, "row event without its table map");
    TableMap& table = known->second;
    set_old_fractions(table);
    RowsReader reader(rows_event, table);
    while (reader.next()) {
      row_bytes += reader.before().raw().size() + reader.after().raw().size();
      for (const RowImage* image : {&reader.before(), &reader.after()}) {
        text_length += row_to_text(*image, table, metadata_[table.table_id]).size();
      }
      ++rows;
    }
    row_part_bytes += rows_event.rows.size();
    if (rows_event.ends_statement()) tables_.clear();
  }

  std::map<std::uint64_t, TableMap> tables_;
  std::map<std::uint64_t, TableMetadata> metadata_;
  Bytes scratch_;
};

TEST(EveryFile, hasMatchingChecksums) {
  std::size_t events = 0;
  for (const auto& file : binlog_files()) {
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t offset) {
      const bool none = file.stem() == "checksum_none";
      EXPECT_EQ(description.checksum, none ? ChecksumAlgorithm::off : ChecksumAlgorithm::crc32) << file;
      EXPECT_TRUE(event.checksum_matches()) << file << " at " << offset;
      ++events;
    });
  }
  EXPECT_GT(events, 500U);
}

TEST(EveryFile, decodes) {
  Decoder decoder;
  for (const auto& file : binlog_files()) {
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t offset) {
      SCOPED_TRACE(file.string() + " at " + std::to_string(offset) + ": " + event_type_name(event.type()));
      EXPECT_NO_THROW(decoder.decode(event, description));
    });
  }
  EXPECT_GT(decoder.rows, 75U);
  EXPECT_EQ(decoder.row_bytes, decoder.row_part_bytes);
  EXPECT_EQ(decoder.unknown_variables, 0U);
  for (const EventType type : {EventType::query,
                               EventType::stop,
                               EventType::rotate,
                               EventType::intvar,
                               EventType::rand,
                               EventType::user_var,
                               EventType::xid,
                               EventType::begin_load_query,
                               EventType::execute_load_query,
                               EventType::table_map,
                               EventType::write_rows_v1,
                               EventType::update_rows_v1,
                               EventType::delete_rows_v1,
                               EventType::rows_query,
                               EventType::write_rows,
                               EventType::update_rows,
                               EventType::delete_rows,
                               EventType::gtid,
                               EventType::anonymous_gtid,
                               EventType::previous_gtids,
                               EventType::xa_prepare,
                               EventType::partial_update_rows,
                               EventType::transaction_payload,
                               EventType::gtid_tagged,
                               EventType::mariadb_annotate_rows,
                               EventType::mariadb_binlog_checkpoint,
                               EventType::mariadb_gtid,
                               EventType::mariadb_gtid_list,
                               EventType::mariadb_start_encryption,
                               EventType::mariadb_query_compressed,
                               EventType::mariadb_write_rows_compressed_v1,
                               EventType::mariadb_update_rows_compressed_v1,
                               EventType::mariadb_delete_rows_compressed_v1}) {
    EXPECT_TRUE(decoder.seen.contains(type)) << "no file has a " << event_type_name(type) << " event";
  }
}

TEST(EveryFile, isMadeOfWholeTransactions) {
  for (const auto& file : binlog_files()) {
    TransactionBoundary boundary;
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t offset) {
      SCOPED_TRACE(file.string() + " at " + std::to_string(offset) + ": " + event_type_name(event.type()));
      const bool was_outside = boundary.at_boundary();
      BoundaryState state{};
      ASSERT_NO_THROW(state = boundary.feed(event, description));
      const bool begins = state == BoundaryState::begins || state == BoundaryState::single;
      if (begins || state == BoundaryState::outside) {
        EXPECT_TRUE(was_outside);
      }
      const bool gtid = event.type() == EventType::gtid || event.type() == EventType::anonymous_gtid ||
                        event.type() == EventType::gtid_tagged || event.type() == EventType::mariadb_gtid;
      if (gtid) {
        EXPECT_EQ(state, BoundaryState::begins);
      }
      if (event.type() == EventType::xid) {
        EXPECT_EQ(state, BoundaryState::ends);
      }
    });
    EXPECT_TRUE(boundary.at_boundary()) << file;
  }
}

/// The error number of decoding a damaged event after what the first two have seen.
int error_after(const Decoder& before, TransactionBoundary boundary, ByteView raw,
                const FormatDescription& description) {
  return error_of([&] {
    const EventView event(raw, ChecksumAlgorithm::off);
    Decoder decoder = before;
    decoder.decode(event, description);
    boundary.feed(event, description);
  });
}

TEST(EveryFile, survivesBeingCutOrChanged) {
  static constexpr std::array<std::uint8_t, 5> k_changes = {0xff, 0x80, 0x01, 0x40, 0x7f};
  std::size_t refused = 0;
  for (const auto& file : binlog_files()) {
    if (std::filesystem::file_size(file) > 10000) continue;
    Decoder decoder;
    TransactionBoundary boundary;
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t offset) {
      SCOPED_TRACE(file.string() + " at " + std::to_string(offset) + ": " + event_type_name(event.type()));
      if (event.type() == EventType::format_description) return;
      const Bytes whole = make_event(event.type(), event.body());
      ASSERT_EQ(error_after(decoder, boundary, whole, description), 0);
      for (std::size_t i = EventHeader::k_length; i < whole.size(); ++i) {
        Bytes changed = whole;
        changed[i] ^= k_changes[i % k_changes.size()];
        EXPECT_NO_THROW(refused += error_after(decoder, boundary, changed, description) != 0 ? 1 : 0);
        const Bytes cut = make_event(event.type(), event.body().first(i - EventHeader::k_length));
        EXPECT_NO_THROW(refused += error_after(decoder, boundary, cut, description) != 0 ? 1 : 0);
      }
      decoder.decode(event, description);
      boundary.feed(event, description);
    });
  }
  EXPECT_GT(refused, 10000U);
}

}  // namespace
}  // namespace tributary::binlog
