#include <filesystem>

#include <gtest/gtest.h>

#include "tributary/source/gtids_before.hpp"

#include "dump_stream.hpp"
#include "file_size_limit.hpp"
#include "gtid_recovery.hpp"
#include "receive_error.hpp"
#include "relay_directory_fixture.hpp"
#include "stream_events.hpp"

namespace tributary::source {
namespace {

const std::string k_uuid = "8f0c2b4e-0000-4000-8000-000000000001";

gtid::MysqlGtidSet set_of(const std::string& numbers) {
  return numbers.empty() ? gtid::MysqlGtidSet() : gtid::MysqlGtidSet::parse(k_uuid + ":" + numbers);
}

/// Dumps by MySQL GTID set: the source leaves out what we have and says nothing of it.
class DumpStreamGtidSetTest : public ::testing::Test {
 protected:
  DumpStreamGtidSetTest() : stream_(relay_.log(), "channel 'shop'") {
    probe_.answers.server_id = 11;
    probe_.answers.server_uuid = k_uuid;
    probe_.checksum = ChecksumAlgorithm::crc32;
  }
  /// A connection whose dump begins with @p file.
  void ask(const std::string& have, const Bytes& format, const std::string& file = "bin.000005") {
    DumpStart start;
    start.by = DumpStart::By::gtid_set;
    start.requires_gtids = true;
    start.gtid_set = set_of(have);
    stream_.start_over();
    stream_.set_gtid_set(start.gtid_set);
    stream_.begin(probe_, start);
    stream_.on_event(made_up_rotate(file, 4));
    stream_.on_event(format);
  }
  const Bytes& previous(const std::string& numbers) {
    return file_.event(EventType::previous_gtids, set_of(numbers).encode());
  }
  const Bytes& gtid(std::int64_t gno) {
    ByteWriter body;
    body.u8(0);
    body.bytes(gtid::Uuid::parse(k_uuid)->bytes);
    body.u64(static_cast<std::uint64_t>(gno));
    return file_.event(EventType::gtid, body.view());
  }
  void send_transaction(std::int64_t gno) {
    for (const Bytes& event : {gtid(gno), file_.rows(), file_.xid()}) stream_.on_event(event);
  }
  [[nodiscard]] std::string received() const {
    const std::string text = stream_.gtid_set()->to_string();
    return text.empty() ? text : text.substr(k_uuid.size() + 1);
  }
  [[nodiscard]] std::string recovered() {
    relay_.log().flush();
    const auto set = received_gtid_set(relay_.log());
    if (!set) return "not known";
    return set->empty() ? "" : set->to_string().substr(k_uuid.size() + 1);
  }

  RelayDirectoryFixture relay_;
  SourceProbe probe_;
  DumpStream stream_;
  FileBuilder file_;
};

TEST_F(DumpStreamGtidSetTest, goesOnInTheFileThatItHasAPartOf) {
  const Bytes& format = file_.format();
  ask("1-7", format);
  const Bytes& before = previous("1-7");
  stream_.on_event(before);
  send_transaction(8);
  EXPECT_EQ(received(), "1-8");
  stream_.on_event(gtid(9));
  stream_.on_event(file_.rows());
  // The connection is lost inside a transaction, which comes again; what came before it is left out.
  ask("1-8", format);
  stream_.on_event(before);
  const std::uint64_t end = file_.offset();
  file_ = FileBuilder(relay_.log().write_end());
  send_transaction(9);
  EXPECT_EQ(file_.offset(), end + 8 + 19 + 4) << "the same events";
  EXPECT_EQ(received(), "1-9");
  EXPECT_EQ(recovered(), "1-9");
  EXPECT_EQ(relay_.log().files().size(), 1U);
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidSetTest, coversWhatTheSourceLeavesOut) {
  ask("1-7:9-10", file_.format());
  stream_.on_event(previous("1-7"));
  EXPECT_EQ(recovered(), "1-7:9-10") << "from another server, and kept beside the file";
  send_transaction(8);
  file_.skip(5000);
  send_transaction(11);
  EXPECT_EQ(received(), "1-11");
  EXPECT_EQ(recovered(), "1-11");
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidSetTest, aTransactionThatIsLackingGetsAFileOfItsOwn) {
  const Bytes& format = file_.format();
  ask("1-10", format);
  const Bytes& before = previous("1-7");
  stream_.on_event(before);
  const std::uint64_t place = file_.offset();
  file_.skip(5000);
  send_transaction(11);
  // Transaction 8 is not what we have, as it turns out.
  ask("1-7:9-11", format);
  stream_.on_event(before);
  file_ = FileBuilder(place);
  send_transaction(8);
  EXPECT_EQ(received(), "1-11");
  EXPECT_EQ(recovered(), "1-11");
  ASSERT_EQ(relay_.log().files().size(), 2U);
  EXPECT_EQ(relay_.log().files().back().source_file_name, "bin.000005");
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidSetTest, aFileOfTheSameNameMadeAtAnotherTimeIsAnother) {
  ask("", file_.format());
  stream_.on_event(previous(""));
  send_transaction(1);
  FileBuilder later;
  Bytes format = later.format();
  format.resize(format.size() - binlog::k_checksum_length);
  store_little_endian(format.data(), 1700000099, 4);
  binlog::finish_event(format, ChecksumAlgorithm::crc32);
  ask("1", format);
  file_ = FileBuilder(later.offset());
  stream_.on_event(previous("1"));
  send_transaction(2);
  EXPECT_EQ(relay_.log().files().size(), 2U);
  EXPECT_EQ(recovered(), "1-2");
}

TEST_F(DumpStreamGtidSetTest, believesAHeartbeatOf64Bits) {
  ask("1-10", file_.format());
  stream_.on_event(previous("1-7"));
  const std::uint64_t far = (std::uint64_t{5} << 30) + file_.offset();
  ByteWriter body;
  body.u8(1);
  body.lenenc_text("bin.000005");
  body.u8(2);
  body.u8(9);
  body.u8(0xfe);
  body.u64(far);
  body.u8(0);
  stream_.on_event(make_event(EventType::heartbeat_v2, 0, body.view(), 0, 0));
  file_ = FileBuilder(far);
  send_transaction(11);
  EXPECT_EQ(stream_.offset(), file_.offset());
  relay_.log().flush();
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidSetTest, refusesTransactionsWithoutGtidAndThoseThatItHas) {
  ask("1-10", file_.format());
  stream_.on_event(previous("1-10"));
  EXPECT_THROW(send_transaction(10), ReceiveError);
  FileBuilder other;
  file_ = FileBuilder();
  ask("1-10", file_.format(), "bin.000006");
  stream_.on_event(previous("1-10"));
  try {
    stream_.on_event(file_.event(EventType::anonymous_gtid, Bytes(25, 0)));
    FAIL() << "it was stored";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.remedy(), Remedy::give_up);
    EXPECT_NE(std::string(error.what()).find("Cannot replicate anonymous transaction when AUTO_POSITION = 1"),
              std::string::npos);
  }
}

TEST_F(DumpStreamGtidSetTest, refusesAFileThatBeginsAfterTransactionsThatDidNotCome) {
  ask("1-7", file_.format());
  stream_.on_event(previous("1-7"));
  send_transaction(8);
  relay_.log().flush();
  const Bytes stored = relay_.content(1);
  stream_.on_event(made_up_rotate("bin.000007", 4));
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  try {
    stream_.on_event(previous("1-12"));
    FAIL() << "9 to 12 are taken for received";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 1236);
    EXPECT_EQ(error.remedy(), Remedy::give_up);
    EXPECT_NE(std::string(error.what()).find("The missing transactions are '" + k_uuid + ":9-12'"), std::string::npos)
        << error.what();
  }
  stream_.start_over();
  EXPECT_EQ(received(), "1-8");
  EXPECT_EQ(recovered(), "1-8");
  EXPECT_EQ(relay_.log().received_end().source_file_name, "bin.000005");
  EXPECT_EQ(relay_.content(1), stored);
}

TEST_F(DumpStreamGtidSetTest, asksTheRelayLogWhatCountsWhenItCouldNotBeWritten) {
  ask("1-7", file_.format());
  stream_.on_event(previous("1-7"));
  stream_.on_event(gtid(8));
  stream_.on_event(file_.rows(relay::RelayLog::k_boundary_step));
  const Bytes& end = file_.xid();
  {
    // The boundary is to be recorded, for which everything must be on the device.
    const test::FileSizeLimit limit(relay_.log().write_end());
    EXPECT_THROW(stream_.on_event(end), relay::WriteError);
  }
  stream_.start_over();
  EXPECT_EQ(recovered(), "1-8") << "the relay log has it";
  EXPECT_FALSE(stream_.gtid_set()) << "else it would be asked for once more";
}

TEST_F(DumpStreamGtidSetTest, learnsWhatStandsBeforeAPlaceInAFile) {
  const Bytes& format = file_.format();
  const Bytes& before = previous("1-7");
  const Bytes& first = gtid(8);
  const Bytes& rows = file_.rows();
  const Bytes& xid = file_.xid();
  DumpStart start;
  start.file = "bin.000005";
  start.position = file_.offset();
  start.requires_gtids = start.learns_gtids = start.read_from_start = true;
  stream_.begin(probe_, start);
  for (const Bytes& event : {made_up_rotate("bin.000005", 4), format, before, first, rows, xid})
    stream_.on_event(event);
  send_transaction(9);
  EXPECT_EQ(received(), "1-9");
  EXPECT_EQ(recovered(), "1-9");
  relay_.reopen();
  EXPECT_EQ(recovered(), "1-9");
}

TEST_F(DumpStreamGtidSetTest, whatIsLearnedOfTheStartIsNotWhatTheRelayFileItselfHolds) {
  const Bytes format = file_.format();
  const Bytes before = previous("1-7");
  const std::uint64_t first = file_.offset();
  DumpStart start;
  start.file = "bin.000005";
  start.position = first;
  stream_.begin(probe_, start);
  stream_.on_event(made_up_rotate("bin.000005", first));
  stream_.on_event(without_log_pos(format));
  send_transaction(8);
  const std::uint64_t synced = file_.offset();
  send_transaction(9);
  relay_.log().flush();
  const Bytes stored = relay_.content(1);
  EXPECT_EQ(recovered(), "not known");
  EXPECT_EQ(gtids_before(relay_.log(), 1), "");

  start.position = file_.offset();
  start.requires_gtids = start.learns_gtids = start.read_from_start = true;
  stream_.start_over();
  stream_.begin(probe_, start);
  file_ = FileBuilder();
  for (const Bytes& event : {made_up_rotate("bin.000005", 4), file_.format(), before}) stream_.on_event(event);
  file_ = FileBuilder(first);
  send_transaction(8);
  send_transaction(9);
  EXPECT_EQ(relay_.content(1), stored);
  EXPECT_EQ(received(), "1-9");
  EXPECT_EQ(recovered(), "1-9");
  EXPECT_EQ(gtids_before(relay_.log(), 1), k_uuid + ":1-7");
  // A loss of power.
  std::filesystem::resize_file(relay_.log().path_of(1), synced);
  relay_.reopen();
  EXPECT_EQ(recovered(), "1-8");
}

TEST_F(DumpStreamGtidSetTest, aLaterFileTellsWhatStoodBeforeOneBegunInTheMiddle) {
  FileBuilder head;
  const Bytes format = without_log_pos(head.format());
  file_ = FileBuilder(5000);
  DumpStart start;
  start.file = "bin.000005";
  start.position = 5000;
  stream_.begin(probe_, start);
  stream_.on_event(made_up_rotate("bin.000005", 5000));
  stream_.on_event(format);
  send_transaction(8);
  send_transaction(9);
  EXPECT_EQ(gtids_before(relay_.log(), 1), "");
  stream_.on_event(made_up_rotate("bin.000006", 4));
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  stream_.on_event(previous("1-9"));
  send_transaction(10);
  relay_.log().flush();
  EXPECT_EQ(gtids_before(relay_.log(), 1), k_uuid + ":1-7");
  EXPECT_EQ(gtids_before(relay_.log(), 2), k_uuid + ":1-9");
  EXPECT_EQ(gtids_before(relay_.log(), 3), "") << "there is none";
}

}  // namespace
}  // namespace tributary::source
