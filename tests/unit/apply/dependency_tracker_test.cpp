#include "dependency_tracker.hpp"

#include <initializer_list>

#include <gmock/gmock.h>

namespace tributary::apply {
namespace {

using binlog::EventType;
using testing::ElementsAre;

TEST(ConflictHistoryTest, WritersWaitForAllReadersForWriters) {
  ConflictHistory history;
  EXPECT_EQ(history.write(7, 1), 0U);
  EXPECT_EQ(history.read(7, 2), 1U);
  EXPECT_EQ(history.read(7, 3), 1U) << "readers do not wait for each other";
  EXPECT_EQ(history.write(7, 4), 3U);
  EXPECT_EQ(history.write(6, 4), 0U);
  EXPECT_EQ(history.write(6, 4), 0U) << "a batch does not wait for itself";
  EXPECT_EQ(history.write(8, 5), 0U);
}

TEST(ConflictHistoryTest, ForgetsWhatIsCommitted) {
  ConflictHistory history;
  history.write(7, 1);
  history.write(8, 2);
  history.read(9, 3);
  history.forget_through(2);
  EXPECT_EQ(history.size(), 1U);
  EXPECT_EQ(history.write(9, 4), 3U);
}

/// Bytes of an event without checksum.
Bytes make_raw_event(EventType type, std::initializer_list<int> body) {
  Bytes raw(binlog::EventHeader::k_length, 0);
  raw[4] = static_cast<std::uint8_t>(type);
  for (const int byte : body) raw.push_back(static_cast<std::uint8_t>(byte));
  raw[9] = static_cast<std::uint8_t>(raw.size());
  return raw;
}

/// A table d.t of two INT columns, the first its primary key, the second UNIQUE, and one d.c that refers to it.
class DependencyTrackerTest : public testing::Test {
 protected:
  static TableKeys keys_of(const TableName& table) {
    TableKeys keys;
    keys.identity = table_identity(table);
    keys.tells_rows = table.second != "nokey";
    if (!keys.tells_rows) return keys;
    const std::uint64_t primary = table_identity({table.first + ".PRIMARY", table.second});
    keys.unique.push_back({primary, 0, {{0, 0, false}}});
    keys.unique.push_back({table_identity({table.first + ".u", table.second}), 0, {{1, 0, false}}});
    if (table.second == "c") {
      keys.referring.push_back(
          {table_identity({table.first + ".PRIMARY", "t"}), table_identity({table.first, "t"}), {{1, 0, false}}});
    }
    return keys;
  }

  explicit DependencyTrackerTest(DependencyMode mode = DependencyMode::writeset) : tracker_(mode, 4, keys_of) {
    for (const char name : {'t', 'c', 'n'}) {
      for (std::uint64_t i = 0; i < 3; ++i) {
        map(name);
        rows(1, EventType::write_rows_v1, {0xfc, static_cast<int>(100 + i), 0, 0, 0, name, static_cast<int>(i), 1, 0});
      }
    }
    tracker_.everything(1);  // what comes later depends on nothing of this
  }

  void map(char name) {
    const std::string table = name == 'n' ? "nokey" : std::string(1, name);
    Bytes raw = make_raw_event(EventType::table_map, {7, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0});
    raw.push_back(static_cast<std::uint8_t>(table.size()));
    raw.insert(raw.end(), table.begin(), table.end());
    for (const int byte : {0, 2, 3, 3, 0, 3}) raw.push_back(static_cast<std::uint8_t>(byte));
    raw[9] = static_cast<std::uint8_t>(raw.size());
    tracker_.add_table_map(binlog::EventView(raw, binlog::ChecksumAlgorithm::off), description_);
  }
  std::uint64_t rows(std::uint64_t batch, EventType type, std::initializer_list<int> images) {
    Bytes raw = make_raw_event(type, {7, 0, 0, 0, 0, 0, 1, 0, 2, 3});
    if (type == EventType::update_rows_v1) raw.push_back(3);
    for (const int byte : images) raw.push_back(static_cast<std::uint8_t>(byte));
    raw[9] = static_cast<std::uint8_t>(raw.size());
    return tracker_.rows(batch, binlog::EventView(raw, binlog::ChecksumAlgorithm::off), description_);
  }
  std::uint64_t insert(std::uint64_t batch, char table, int first, int second) {
    map(table);
    return rows(batch, EventType::write_rows_v1, {0xfc, first, 0, 0, 0, second, 0, 0, 0});
  }
  std::uint64_t remove(std::uint64_t batch, char table, int first, int second) {
    map(table);
    return rows(batch, EventType::delete_rows_v1, {0xfc, first, 0, 0, 0, second, 0, 0, 0});
  }
  std::uint64_t update(std::uint64_t batch, char table, int first, int before, int after) {
    map(table);
    return rows(batch, EventType::update_rows_v1,
                {0xfc, first, 0, 0, 0, before, 0, 0, 0, 0xfc, first, 0, 0, 0, after, 0, 0, 0});
  }

  const binlog::FormatDescription description_ = binlog::FormatDescription::of_server("10.11.6-MariaDB");
  DependencyTracker tracker_;
};

TEST_F(DependencyTrackerTest, RowsWaitForTheirKeys) {
  EXPECT_EQ(insert(2, 't', 1, 11), 1U) << "the barrier";
  EXPECT_EQ(insert(3, 't', 2, 12), 1U);
  EXPECT_EQ(update(4, 't', 1, 11, 13), 2U) << "the primary key";
  EXPECT_EQ(insert(5, 't', 3, 11), 4U) << "a unique key's former value";
  EXPECT_EQ(insert(6, 't', 4, 13), 4U) << "its later one";
  EXPECT_EQ(remove(7, 't', 2, 12), 3U);
}

TEST_F(DependencyTrackerTest, NullIsNoValueOfAKey) {
  map('t');
  EXPECT_EQ(rows(2, EventType::write_rows_v1, {0xfe, 1, 0, 0, 0}), 1U);
  map('t');
  EXPECT_EQ(rows(3, EventType::write_rows_v1, {0xfe, 2, 0, 0, 0}), 1U);
}

TEST_F(DependencyTrackerTest, ChildrenWaitForTheirParentAndItForThem) {
  EXPECT_EQ(insert(2, 't', 1, 11), 1U);
  EXPECT_EQ(insert(3, 'c', 5, 1), 2U);
  EXPECT_EQ(insert(4, 'c', 6, 1), 3U) << "of the unique key";
  EXPECT_EQ(remove(5, 't', 1, 11), 4U);
  EXPECT_EQ(insert(6, 't', 2, 12), 1U);
}

TEST_F(DependencyTrackerTest, WithoutAKeyOnlyInsertsOverlap) {
  EXPECT_EQ(insert(2, 'n', 1, 1), 1U);
  EXPECT_EQ(insert(3, 'n', 1, 1), 1U);
  EXPECT_EQ(remove(4, 'n', 1, 1), 3U);
  EXPECT_EQ(insert(5, 'n', 2, 2), 4U);
  EXPECT_EQ(insert(6, 't', 2, 2), 1U);
}

TEST_F(DependencyTrackerTest, ADefinitionIsABarrier) {
  EXPECT_EQ(insert(2, 't', 1, 11), 1U);
  EXPECT_EQ(tracker_.definitions_change(3, {}), 2U);
  EXPECT_EQ(tracker_.last_definition_change(), 3U);
  EXPECT_EQ(insert(4, 't', 2, 12), 3U);
  EXPECT_EQ(insert(5, 't', 3, 13), 4U) << "of the keys nothing is known any more";
}

TEST_F(DependencyTrackerTest, TooManyRowsAreABarrier) {
  for (int i = 0; i < 300; ++i) {
    for (int j = 0; j < 250; ++j) {
      map('t');
      rows(2, EventType::write_rows_v1, {0xfc, i % 256, i / 256, j, 0, i % 256, i / 256, j, 0});
    }
  }
  EXPECT_EQ(insert(3, 't', 1, 255), 2U);
  tracker_.committed(2);
}

class DatabaseTrackerTest : public DependencyTrackerTest {
 protected:
  DatabaseTrackerTest() : DependencyTrackerTest(DependencyMode::database) {}
};

TEST_F(DatabaseTrackerTest, TransactionsOfOneDatabaseWait) {
  EXPECT_EQ(insert(2, 't', 1, 1), 1U);
  EXPECT_EQ(insert(3, 't', 2, 2), 2U);
  SourceStatement statement;
  statement.context.status.updated_databases = {"Other"};
  EXPECT_EQ(tracker_.statement(4, statement), 1U);
  statement.context.status.updated_databases = {"other", "d"};
  EXPECT_EQ(tracker_.statement(5, statement), 4U);
  statement.context.status.updated_databases.reset();
  EXPECT_EQ(tracker_.statement(6, statement), 5U) << "not told";
  EXPECT_EQ(insert(7, 't', 3, 3), 6U);
}

/// What each of some transactions waits for, each in a batch of its own from 2 on.
std::vector<std::uint64_t> clocked(std::initializer_list<LogicalClock> clocks) {
  DependencyTracker tracker(DependencyMode::logical_clock, 4, [](const TableName&) { return TableKeys(); });
  TransactionStart start;
  start.source_file = "bin.000001";
  tracker.begin(1, start);
  tracker.everything(1);
  std::vector<std::uint64_t> found;
  std::uint64_t batch = 1;
  for (const LogicalClock& clock : clocks) {
    start.clock = clock;
    tracker.begin(++batch, start);
    found.push_back(tracker.statement(batch, {}));
  }
  return found;
}

TEST(LogicalClockTest, OfMySql) {
  EXPECT_THAT(clocked({{1, 2, 0}, {1, 3, 0}, {1, 4, 0}, {3, 5, 0}, {2, 6, 0}, {6, 7, 0}}),
              ElementsAre(1, 1, 1, 3, 2, 6));
}

TEST(LogicalClockTest, OfMariaDb) {
  EXPECT_THAT(clocked({{0, 0, 9}, {0, 0, 9}, {0, 0, 9}, {0, 0, 12}, {0, 0, 12}}), ElementsAre(1, 1, 1, 4, 4));
}

TEST(LogicalClockTest, SeveralTransactionsInABatch) {
  DependencyTracker tracker(DependencyMode::logical_clock, 4, [](const TableName&) { return TableKeys(); });
  TransactionStart start;
  start.source_file = "bin.000001";
  std::uint64_t sequence = 0;
  const auto next = [&](std::uint64_t batch, std::int64_t last_committed) {
    start.clock = LogicalClock{last_committed, static_cast<std::int64_t>(++sequence), 0};
    tracker.begin(batch, start);
    return tracker.statement(batch, {});
  };
  EXPECT_EQ(next(1, 0), 0U);
  EXPECT_EQ(next(1, 1), 0U) << "after one of the same batch";
  EXPECT_EQ(next(2, 1), 1U);
  EXPECT_EQ(next(2, 3), 1U) << "after one of the same batch, and so after all of the batch before";
  EXPECT_EQ(next(3, 3), 2U);
  tracker.committed(3);
  EXPECT_EQ(next(4, 2), 0U);
  start.source_file = "bin.000002";
  sequence = 0;
  EXPECT_EQ(next(5, 0), 4U) << "the numbers begin anew";
}

TEST(LogicalClockTest, ATransactionThatGoesIntoALaterBatch) {
  DependencyTracker tracker(DependencyMode::logical_clock, 4, [](const TableName&) { return TableKeys(); });
  TransactionStart start;
  start.source_file = "bin.000001";
  const auto begin = [&](std::uint64_t batch, LogicalClock clock) {
    start.clock = clock;
    tracker.begin(batch, start);
    return tracker.statement(batch, {});
  };
  EXPECT_EQ(begin(1, {0, 1, 0}), 0U);
  begin(1, {0, 2, 0});
  tracker.goes_to(2, start);
  EXPECT_EQ(begin(3, {2, 3, 0}), 2U);
  EXPECT_EQ(begin(4, {0, 0, 12}), 3U);
  begin(5, {0, 0, 13});
  tracker.goes_to(6, start);
  EXPECT_EQ(begin(7, {0, 0, 14}), 6U);
}

}  // namespace
}  // namespace tributary::apply
