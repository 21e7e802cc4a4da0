#include "tributary/binlog/transaction_boundary.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

/// Feeds made-up events, each named by a letter, and gives the answers as letters: o(utside), b(egins), i(nside),
/// e(nds), s(ingle); '!' for an error.
class Stream {
 public:
  std::string feed(EventType type, const Bytes& body, std::uint16_t flags = 0) {
    const Bytes raw = make_event(type, body, flags);
    try {
      switch (boundary_.feed(EventView(raw, ChecksumAlgorithm::off), description_)) {
        case BoundaryState::outside:
          return "o";
        case BoundaryState::begins:
          return "b";
        case BoundaryState::inside:
          return "i";
        case BoundaryState::ends:
          return "e";
        case BoundaryState::single:
          return "s";
      }
    } catch (const std::exception&) {
    }
    return "!";
  }
  std::string feed(EventType type) { return feed(type, Bytes(40)); }
  std::string query(const std::string& text) {
    ByteWriter body;
    body.fill(8);
    body.u8(2);   // length of the database's name
    body.u16(0);  // error
    body.u16(5);  // status variables
    body.fill(5);
    body.null_terminated_text("db");
    body.text(text);
    return feed(EventType::query, body.take());
  }
  std::string mariadb_gtid(std::uint8_t flags2) {
    Bytes body(19);
    body[12] = flags2;
    return feed(EventType::mariadb_gtid, body);
  }
  [[nodiscard]] bool at_boundary() const { return boundary_.at_boundary(); }
  void reset() { boundary_.reset(); }

 private:
  FormatDescription description_ = mariadb();
  TransactionBoundary boundary_;
};

TEST(TransactionBoundary, followsMariadbTransactions) {
  Stream stream;
  EXPECT_EQ(stream.feed(EventType::format_description), "o");
  EXPECT_EQ(stream.feed(EventType::mariadb_gtid_list), "o");
  EXPECT_EQ(stream.feed(EventType::mariadb_binlog_checkpoint), "o");
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "b");
  EXPECT_EQ(stream.feed(EventType::mariadb_annotate_rows), "i");
  EXPECT_EQ(stream.feed(EventType::table_map), "i");
  EXPECT_EQ(stream.feed(EventType::write_rows_v1), "i");
  EXPECT_FALSE(stream.at_boundary());
  EXPECT_EQ(stream.feed(EventType::xid), "e");
  EXPECT_TRUE(stream.at_boundary());
  EXPECT_EQ(stream.mariadb_gtid(0x08), "b");
  EXPECT_EQ(stream.query("insert into t values (1)"), "i");
  EXPECT_EQ(stream.query("COMMIT"), "e") << "non-transactional engines";
  EXPECT_EQ(stream.feed(EventType::rotate), "o");
}

TEST(TransactionBoundary, followsMariadbStandaloneGroups) {
  Stream stream;
  EXPECT_EQ(stream.mariadb_gtid(0x29), "b");
  EXPECT_EQ(stream.query("create table t (a int)"), "e");
  EXPECT_EQ(stream.mariadb_gtid(0x29), "b");
  EXPECT_EQ(stream.feed(EventType::mariadb_query_compressed), "e");
  EXPECT_EQ(stream.mariadb_gtid(0x01), "b");
  EXPECT_EQ(stream.feed(EventType::intvar), "i");
  EXPECT_EQ(stream.feed(EventType::user_var), "i");
  EXPECT_EQ(stream.query("insert into t values (@a)"), "e");
}

TEST(TransactionBoundary, followsXaOfBothServers) {
  Stream stream;
  EXPECT_EQ(stream.mariadb_gtid(0x4c), "b");
  EXPECT_EQ(stream.feed(EventType::write_rows_v1), "i");
  EXPECT_EQ(stream.query("XA END X'61',X'',1"), "i");
  EXPECT_EQ(stream.feed(EventType::xa_prepare), "e");
  EXPECT_EQ(stream.mariadb_gtid(0x8d), "b");
  EXPECT_EQ(stream.query("XA COMMIT X'61',X'',1"), "e");

  EXPECT_EQ(stream.feed(EventType::gtid), "b");
  EXPECT_EQ(stream.query("XA START X'61',X'',1"), "i");
  EXPECT_EQ(stream.feed(EventType::write_rows), "i");
  EXPECT_EQ(stream.query("XA END X'61',X'',1"), "i");
  EXPECT_EQ(stream.feed(EventType::xa_prepare), "e");
  EXPECT_EQ(stream.feed(EventType::gtid_tagged), "b");
  EXPECT_EQ(stream.query("XA ROLLBACK X'61',X'',1"), "e");
}

TEST(TransactionBoundary, followsMysqlTransactions) {
  Stream stream;
  EXPECT_EQ(stream.feed(EventType::previous_gtids), "o");
  EXPECT_EQ(stream.feed(EventType::anonymous_gtid), "b");
  EXPECT_EQ(stream.query("begin"), "i");
  EXPECT_EQ(stream.query("savepoint `x`"), "i");
  EXPECT_EQ(stream.query("ROLLBACK TO `x`"), "i");
  EXPECT_EQ(stream.feed(EventType::rows_query), "i");
  EXPECT_EQ(stream.query("ROLLBACK"), "e");
  EXPECT_EQ(stream.feed(EventType::gtid), "b");
  EXPECT_EQ(stream.query("drop table t"), "e");
  EXPECT_EQ(stream.feed(EventType::gtid), "b");
  EXPECT_EQ(stream.feed(EventType::transaction_payload), "e");
  EXPECT_EQ(stream.feed(EventType::gtid), "b");
  EXPECT_EQ(stream.query("BEGIN;"), "i");
  EXPECT_EQ(stream.query("commit "), "e");
}

TEST(TransactionBoundary, followsStreamsWithoutGtids) {
  Stream stream;
  EXPECT_EQ(stream.query("BEGIN"), "b");
  EXPECT_EQ(stream.feed(EventType::table_map), "i");
  EXPECT_EQ(stream.feed(EventType::xid), "e");
  EXPECT_EQ(stream.query("create table begin_ (a int)"), "s");
  EXPECT_EQ(stream.feed(EventType::intvar), "b");
  EXPECT_EQ(stream.feed(EventType::rand), "i");
  EXPECT_EQ(stream.query("insert into t values (rand())"), "e");
  EXPECT_EQ(stream.feed(EventType::begin_load_query), "b");
  EXPECT_EQ(stream.feed(EventType::append_block), "i");
  EXPECT_EQ(stream.feed(EventType::execute_load_query), "e");
  EXPECT_EQ(stream.feed(EventType::begin_load_query), "b");
  EXPECT_EQ(stream.feed(EventType::delete_file), "e") << "a LOAD DATA that failed";
  EXPECT_EQ(stream.query("XA COMMIT X'61',X'',1"), "s");
  EXPECT_EQ(stream.feed(EventType::incident), "s");
}

TEST(TransactionBoundary, letsUnknownAndMadeUpEventsPass) {
  Stream stream;
  EXPECT_EQ(stream.feed(static_cast<EventType>(200)), "o");
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "b");
  EXPECT_EQ(stream.feed(static_cast<EventType>(200)), "i");
  EXPECT_EQ(stream.feed(EventType::heartbeat), "i");
  EXPECT_EQ(stream.feed(EventType::rotate, Bytes(9), event_flag::k_artificial), "i");
  EXPECT_EQ(stream.feed(EventType::xid), "e");
  EXPECT_EQ(stream.feed(EventType::mariadb_gtid_list, Bytes(6), event_flag::k_artificial), "o");
}

TEST(TransactionBoundary, refusesWhatBreaksTheRules) {
  Stream stream;
  EXPECT_EQ(stream.feed(EventType::table_map), "!");
  EXPECT_EQ(stream.feed(EventType::write_rows_v1), "!");
  EXPECT_EQ(stream.feed(EventType::xid), "!");
  EXPECT_TRUE(stream.at_boundary());
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "b");
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "!");
  EXPECT_EQ(stream.feed(EventType::gtid), "!");
  EXPECT_EQ(stream.query("BEGIN"), "!");
  EXPECT_EQ(stream.feed(EventType::rotate), "!");
  EXPECT_EQ(stream.feed(EventType::stop), "!");
  EXPECT_FALSE(stream.at_boundary());
  stream.reset();
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "b");
}

TEST(TransactionBoundary, dropsWhatACrashedSourceLeftOpen) {
  Stream stream;
  EXPECT_EQ(stream.mariadb_gtid(0x0c), "b");
  EXPECT_EQ(stream.feed(EventType::table_map), "i");
  EXPECT_EQ(stream.feed(EventType::format_description), "o");
  EXPECT_TRUE(stream.at_boundary());
}

}  // namespace
}  // namespace tributary::binlog
