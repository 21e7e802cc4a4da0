#include "gtid_recovery.hpp"

#include <gtest/gtest.h>

#include "tributary/source/gtids_before.hpp"

#include "relay_directory_fixture.hpp"
#include "stream_events.hpp"

namespace tributary::source {
namespace {

class GtidRecoveryTest : public ::testing::Test {
 protected:
  void append(const Bytes& event) { relay_.log().append(event); }
  void append_transaction(FileBuilder& file, std::uint32_t domain, std::uint64_t seq_no) {
    for (const Bytes& event : {file.gtid(domain, seq_no), file.rows(), file.xid()}) append(event);
    relay_.log().mark_boundary(true);
  }
  FileBuilder begin(const std::string& name, const std::string& list) {
    FileBuilder file;
    relay_.log().begin_file(name, {11, ""});
    append(file.format());
    append(file.list(list));
    return file;
  }
  void skip(FileBuilder& file, std::uint64_t count) {
    file.skip(count);
    relay_.log().cover_hole(file.offset(), ChecksumAlgorithm::crc32, 11);
  }
  std::string position(const std::string& start = "") {
    return received_gtid_position(relay_.log(), gtid::MariadbGtidPosition::parse(start)).position.to_string();
  }

  RelayDirectoryFixture relay_;
};

TEST_F(GtidRecoveryTest, isTheStartWhereNothingWasReceived) {
  EXPECT_EQ(position("0-1-5"), "0-1-5");
}

TEST_F(GtidRecoveryTest, addsTheGroupsToTheListOfTheNewestFile) {
  FileBuilder first = begin("bin.000001", "");
  append_transaction(first, 0, 1);
  FileBuilder second = begin("bin.000002", "0-11-1,2-11-7");
  append_transaction(second, 0, 2);
  append_transaction(second, 1, 1);
  EXPECT_EQ(position("9-9-9"), "0-11-2,1-11-1,2-11-7");
}

TEST_F(GtidRecoveryTest, goesBackOverAFileThatWasBegunByGtid) {
  FileBuilder first = begin("bin.000001", "2-11-40");
  append_transaction(first, 0, 1);
  append_transaction(first, 2, 50);
  // Another server: its list is older than what we had, and the groups between were skipped.
  FileBuilder second = begin("other.000004", "0-11-1,2-11-45");
  skip(second, 1000);
  append_transaction(second, 0, 2);
  EXPECT_EQ(position(), "0-11-2,2-11-50");
}

TEST_F(GtidRecoveryTest, buildsOnTheStartWhereTheOldestFileHasAHole) {
  FileBuilder file = begin("bin.000001", "0-11-1,2-11-45");
  skip(file, 1000);
  append_transaction(file, 0, 9);
  EXPECT_EQ(position("0-11-8,2-11-50"), "0-11-9,2-11-50");
}

TEST_F(GtidRecoveryTest, whatStoodBeforeAFileIsRecordedWithItOrListedInIt) {
  EXPECT_EQ(gtids_before(relay_.log(), 1), "");
  FileBuilder first = begin("bin.000001", "2-11-40");
  append_transaction(first, 0, 1);
  EXPECT_EQ(gtids_before(relay_.log(), 1), "2-11-40");
  relay_.log().record_gtid_before("3-11-9");
  EXPECT_EQ(gtids_before(relay_.log(), 1), "3-11-9");
  // What was skipped may be in the list.
  FileBuilder second = begin("other.000004", "0-11-1,2-11-45");
  skip(second, 1000);
  append_transaction(second, 0, 2);
  EXPECT_EQ(gtids_before(relay_.log(), 2), "");
}

TEST_F(GtidRecoveryTest, leavesOutAPartialTransaction) {
  FileBuilder file = begin("bin.000001", "0-11-1");
  append_transaction(file, 0, 2);
  append(file.gtid(0, 3));
  append(file.rows());
  relay_.log().flush();
  EXPECT_EQ(position(), "0-11-2");
}

}  // namespace
}  // namespace tributary::source
