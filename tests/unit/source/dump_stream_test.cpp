#include "dump_stream.hpp"

#include <gtest/gtest.h>

#include "tributary/util/crc32.hpp"

#include "receive_error.hpp"
#include "relay_directory_fixture.hpp"
#include "stream_events.hpp"

namespace tributary::source {
namespace {

class DumpStreamTest : public ::testing::Test {
 protected:
  DumpStreamTest() {
    probe_.answers.server_id = 11;
    probe_.mariadb = true;
    probe_.checksum = ChecksumAlgorithm::crc32;
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
  }
  void send(const Bytes& event) { stream_->on_event(event); }
  /// A connection that asks for the place where receiving goes on.
  void reconnect() {
    DumpStart start;
    start.file = relay_.log().received_end().source_file_name;
    start.position = stream_->inside_transaction() ? relay_.log().write_end() : relay_.log().received_end().offset;
    stream_->begin(probe_, start);
  }
  /// A first connection that asks for @p position of a file.
  void ask(std::uint64_t position, bool read_from_start = false) {
    DumpStart start;
    start.file = "bin.000001";
    start.position = position;
    start.read_from_start = read_from_start;
    stream_->begin(probe_, start);
  }
  /// A new receiver on the log as a restart finds it.
  void restart() {
    stream_.reset();
    relay_.reopen();
    stream_.emplace(relay_.log(), "channel 'shop'");
    reconnect();
  }
  void send_transaction(FileBuilder& file, std::uint64_t seq_no) {
    send(file.gtid(0, seq_no));
    send(file.rows());
    send(file.xid());
  }
  /// Sends @p event, which must end receiving; @return the message.
  std::string refused(const Bytes& event) {
    try {
      send(event);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), error_code::k_corrupt_event);
      return error.what();
    }
    ADD_FAILURE() << "the event was accepted";
    return "";
  }

  /// The error of a made-up ROTATE, 0: it is taken.
  std::uint16_t missing_file(const Bytes& event) {
    try {
      send(event);
    } catch (const ReceiveError& error) {
      EXPECT_EQ(error.remedy(), Remedy::give_up);
      EXPECT_NE(std::string(error.what()).find("CHANGE REPLICATION SOURCE"), std::string::npos);
      return error.code();
    }
    return 0;
  }

  RelayDirectoryFixture relay_;
  SourceProbe probe_;
  std::optional<DumpStream> stream_;
};

TEST_F(DumpStreamTest, storesAFileFromItsStart) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  send(file.list("0-1-1"));
  send_transaction(file, 2);
  send(heartbeat("bin.000001", static_cast<std::uint32_t>(file.offset())));
  send_transaction(file, 3);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
  EXPECT_EQ(relay_.log().received_end().offset, file.offset());
  EXPECT_EQ(stream_->gtid_position().to_string(), "0-11-3");
  EXPECT_EQ(stream_->figures().heartbeats, 1U);
  EXPECT_EQ(stream_->figures().events, 8U);
}

TEST_F(DumpStreamTest, storesTheDescriptionOfAFileThatIsInUseAsOneThatARestartReads) {
  for (const bool covered : {true, false}) {
    relay_.log().remove_all();
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
    FileBuilder file;
    const Bytes closed = file.format();
    Bytes open = closed;
    open[17] |= binlog::event_flag::k_binlog_in_use;
    if (covered) {
      open.resize(open.size() - binlog::k_checksum_length);
      binlog::finish_event(open, ChecksumAlgorithm::crc32);
    }
    send(made_up_rotate("bin.000001", 4));
    send(open);
    send_transaction(file, 2);
    relay_.log().flush();
    restart();
    EXPECT_EQ(relay_.content(relay_.log().files().back().file_number), file.content()) << covered;
  }
}

TEST_F(DumpStreamTest, goesFromFileToFileByTheMadeUpRotate) {
  FileBuilder first;
  send(made_up_rotate("bin.000001", 4));
  send(first.format());
  send_transaction(first, 1);
  ByteWriter body;
  body.u64(4);
  body.text("bin.000002");
  send(first.event(EventType::rotate, body.view()));
  FileBuilder second;
  send(made_up_rotate("bin.000002", 4));
  send(second.format());
  send_transaction(second, 2);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), first.content());
  EXPECT_EQ(relay_.content(2), second.content());
  EXPECT_EQ(relay_.log().received_end().source_file_name, "bin.000002");
}

/// A ROTATE that stands in a file.
const Bytes& rotate(FileBuilder& file, const std::string& next) {
  ByteWriter body;
  body.u64(4);
  body.text(next);
  return file.event(EventType::rotate, body.view());
}

TEST_F(DumpStreamTest, refusesAFileBeforeWhichAnotherIsMissing) {
  // The ROTATE of bin.000001 names the next file, whatever its number; bin.000009 was left without one by a crash.
  for (const bool restarted : {false, true}) {
    relay_.log().remove_all();
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
    FileBuilder first;
    send(made_up_rotate("bin.000001", 4));
    const Bytes format = first.format();
    send(format);
    send_transaction(first, 1);
    send(rotate(first, "bin.000009"));
    relay_.log().flush();
    for (const std::string wrong : {"bin.000002", "bin.000010", "other.000001"}) {
      if (restarted) {
        restart();
        send(made_up_rotate("bin.000001", first.offset()));
        send(without_log_pos(format));
      }
      EXPECT_EQ(missing_file(made_up_rotate(wrong, 4)), 1236) << wrong;
      EXPECT_EQ(relay_.log().received_end().source_file_name, "bin.000001");
    }
    FileBuilder next;
    send(made_up_rotate("bin.000009", 4));
    send(next.format());
    send_transaction(next, 2);
    EXPECT_EQ(missing_file(made_up_rotate("bin.000011", 4)), 1236);
    FileBuilder after;
    send(made_up_rotate("bin.000010", 4));
    send(after.format());
    // Another series has numbers of its own.
    send_transaction(after, 3);
    send(made_up_rotate("other.000005", 4));
  }
}

TEST_F(DumpStreamTest, beginsInMidFileWithTheDescriptionOfTheFileAndAHole) {
  FileBuilder file;
  const Bytes format = file.format();
  file.gtid(0, 6);  // stands in the file, but is not asked for
  file.xid();
  const std::uint64_t start = file.offset();
  ask(start);
  send(made_up_rotate("bin.000001", start));
  send(without_log_pos(format));
  send_transaction(file, 7);
  relay_.log().flush();
  const Bytes stored = relay_.content(1);
  const Bytes whole = file.content();
  ASSERT_EQ(stored.size(), whole.size());
  EXPECT_TRUE(std::equal(format.begin(), format.end(), stored.begin() + 4)) << "log_pos and checksum are the file's";
  EXPECT_TRUE(std::equal(whole.begin() + static_cast<std::ptrdiff_t>(start), whole.end(),
                         stored.begin() + static_cast<std::ptrdiff_t>(start)));
  const auto cursor = relay_.log().open_cursor({});
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->next()->start.offset, start);
}

TEST_F(DumpStreamTest, beginsRightAfterTheDescriptionWithoutAHole) {
  FileBuilder file;
  const Bytes format = file.format();
  ask(file.offset());
  send(made_up_rotate("bin.000001", file.offset()));
  send(without_log_pos(format));
  send_transaction(file, 1);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
}

TEST_F(DumpStreamTest, resumesAtTheByteInsideATransaction) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  const Bytes format = file.format();
  send(format);
  send_transaction(file, 1);
  send(file.gtid(0, 2));
  send(file.rows());
  EXPECT_TRUE(stream_->inside_transaction());
  relay_.log().flush();
  reconnect();
  send(made_up_rotate("bin.000001", relay_.log().write_end()));
  send(without_log_pos(format));
  send(file.rows());
  send(file.xid());
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
  EXPECT_EQ(stream_->gtid_position().to_string(), "0-11-2");
}

TEST_F(DumpStreamTest, resumesAtTheLastTransactionAfterARestart) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  const Bytes format = file.format();
  send(format);
  send_transaction(file, 1);
  const std::uint64_t boundary = file.offset();
  const Bytes gtid = file.gtid(0, 2);
  const Bytes rows = file.rows();
  send(gtid);
  send(rows);
  relay_.log().flush();
  restart();
  EXPECT_EQ(relay_.log().received_end().offset, boundary);
  send(made_up_rotate("bin.000001", boundary));
  send(without_log_pos(format));
  send(gtid);
  send(rows);
  send(file.xid());
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
}

TEST_F(DumpStreamTest, dropsWhatIsStoredWhenTheFileIsReadAgain) {
  // How a position beyond 4 GiB is reached: from the start, up to the end of what is stored.
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  std::vector<Bytes> sent;
  for (const Bytes& event : {file.format(), file.list(""), file.gtid(0, 1), file.rows(), file.xid()})
    sent.push_back(event);
  for (const Bytes& event : sent) send(event);
  relay_.log().flush();
  restart();
  ask(file.offset(), true);
  send(made_up_rotate("bin.000001", 4));
  for (const Bytes& event : sent) send(event);
  EXPECT_EQ(stream_->offset(), file.offset());
  send_transaction(file, 2);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
}

TEST_F(DumpStreamTest, countsPastFourGigabytes) {
  FileBuilder file;
  const Bytes format = file.format();
  const std::uint64_t start = (std::uint64_t{1} << 32) - 60;
  file.skip(start - file.offset());
  ask(start);
  send(made_up_rotate("bin.000001", start));
  send(without_log_pos(format));
  send_transaction(file, 1);
  send_transaction(file, 2);
  relay_.log().flush();
  EXPECT_GT(file.offset(), std::uint64_t{1} << 32);
  EXPECT_EQ(relay_.log().received_end().offset, file.offset());
}

TEST_F(DumpStreamTest, countsWhereTheSourceLeavesPositionsOut) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  send(file.gtid(0, 1));
  const Bytes body(30, 'r');
  Bytes rows = make_event(EventType::mariadb_annotate_rows, 0, body);  // MariaDB from 11.4
  file.skip(rows.size());
  send(rows);
  send(file.xid());
  relay_.log().flush();
  EXPECT_EQ(relay_.log().received_end().offset, file.offset());
}

TEST_F(DumpStreamTest, refusesToLeaveOutAnythingByFileAndPosition) {
  for (const std::uint64_t left_out : {std::uint64_t{500}, std::uint64_t{1} << 30}) {
    relay_.log().remove_all();
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
    FileBuilder file;
    send(made_up_rotate("bin.000001", 4));
    send(file.format());
    send_transaction(file, 1);
    file.skip(left_out);
    const std::string told = refused(file.gtid(0, 2));
    EXPECT_NE(told.find("leaves out " + std::to_string(left_out) + " bytes"), std::string::npos) << told;
  }
}

TEST_F(DumpStreamTest, endsWhenPositionsContradictTheCount) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  send_transaction(file, 1);
  const std::string backwards = refused(make_event(EventType::xid, file.offset() - 10, Bytes(8)));
  EXPECT_NE(backwards.find(std::to_string(file.offset() - 10)), std::string::npos) << backwards;
  EXPECT_NE(backwards.find("bin.000001"), std::string::npos);
  send(file.gtid(0, 2));
  file.skip(100);
  refused(file.rows());
  stream_->start_over();
  relay_.log().flush();
  EXPECT_EQ(relay_.log().write_end(), relay_.log().received_end().offset);
}

TEST_F(DumpStreamTest, asksForTheEventAgainWhenItsChecksumDoesNotMatch) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  Bytes damaged = file.gtid(0, 1);
  damaged[25] ^= 1U;
  try {
    send(damaged);
    FAIL() << "a damaged event was stored";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 1743);
    EXPECT_EQ(error.remedy(), Remedy::reconnect);
  }
}

TEST_F(DumpStreamTest, asksForTheEventAgainWhereverTheDamageIs) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  const Bytes event = file.gtid(0, 1);
  for (std::size_t at = 0; at < event.size(); ++at) {
    if (at >= 9 && at < 13 && event[at] == 0) continue;  // more bytes than 19 at any rate
    Bytes damaged = event;
    damaged[at] ^= 0x0fU;  // of the type: also what may not come now
    try {
      send(damaged);
      ADD_FAILURE() << "an event with damage at byte " << at << " was stored";
    } catch (const ReceiveError& error) {
      EXPECT_EQ(error.code(), 1743) << "byte " << at;
    }
  }
  send(event);
}

TEST_F(DumpStreamTest, reachesAPositionThatCannotBeAskedForFromTheStartOfTheFile) {
  FileBuilder file;
  std::vector<Bytes> sent;
  for (const Bytes& event : {file.format(), file.list(""), file.gtid(0, 1), file.rows(), file.xid()})
    sent.push_back(event);
  const std::uint64_t start = file.offset();
  ask(start, true);
  send(made_up_rotate("bin.000001", 4));
  for (const Bytes& event : sent) send(event);
  send_transaction(file, 2);
  relay_.log().flush();
  const auto cursor = relay_.log().open_cursor({});
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->next()->start.offset, start) << "what stands before the position was stored";
  EXPECT_EQ(relay_.log().received_end().offset, file.offset());
}

TEST_F(DumpStreamTest, refusesAFileThatEndsBeforeThePosition) {
  FileBuilder file;
  const Bytes format = file.format();
  const Bytes gtid = file.gtid(0, 1);
  for (const Bytes& end : {heartbeat("bin.000001", 500), made_up_rotate("bin.000002", 4)}) {
    stream_->start_over();
    ask((std::uint64_t{1} << 32) + 500, true);
    send(made_up_rotate("bin.000001", 4));
    send(format);
    send(gtid);
    try {
      send(end);
      ADD_FAILURE() << "the file ended without a word";
    } catch (const ReceiveError& error) {
      EXPECT_EQ(error.code(), 1236);
      EXPECT_EQ(error.remedy(), Remedy::give_up);
    }
    EXPECT_EQ(relay_.log().received_end().source_file_name, "");
  }
}

TEST_F(DumpStreamTest, refusesAPlaceThatWasNotAskedFor) {
  ask(500);
  refused(made_up_rotate("bin.000001", 4));
  refused(made_up_rotate("bin.000001", std::uint64_t{1} << 62));
  const std::string told = refused(made_up_rotate("bin.000001", 501));
  EXPECT_NE(told.find("501 where 500 was asked for"), std::string::npos) << told;
}

TEST_F(DumpStreamTest, leavesOutTheEncryptionThatIsToldAgainInMidFile) {
  FileBuilder file;
  const Bytes format = file.format();
  const Bytes start_encryption = file.event(EventType::mariadb_start_encryption, Bytes(17, 'k'));
  send(made_up_rotate("bin.000001", 4));
  send(format);
  send(start_encryption);
  send_transaction(file, 1);
  relay_.log().flush();
  restart();
  send(made_up_rotate("bin.000001", file.offset()));
  send(without_log_pos(format));
  send(start_encryption);
  send_transaction(file, 2);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1), file.content());
}

TEST_F(DumpStreamTest, refusesWhatMayNotComeNow) {
  FileBuilder file;
  refused(file.format());
  refused(heartbeat("bin.000001", 4));
  send(made_up_rotate("bin.000001", 4));
  FileBuilder again;
  const Bytes format = again.format();
  refused(again.gtid(0, 1));
  send(format);
  refused(format);
}

TEST_F(DumpStreamTest, refusesNamesThatAreNoFileNames) {
  for (const std::string name : {"", "../etc/passwd", "a\nb", "a\tb"}) refused(made_up_rotate(name, 4));
  refused(made_up_rotate(std::string(512, 'a'), 4));
  refused(made_up_rotate("bin.000001", 3));
}

TEST_F(DumpStreamTest, refusesTruncatedAndLyingEvents) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  refused(Bytes(18));
  // With a checksum that fits, so that it is no damage on the way.
  Bytes lying = make_event(EventType::xid, 0, Bytes(8));
  lying.resize(lying.size() - 4);
  lying[9] ^= 1U;
  ByteWriter checksum;
  checksum.u32(crc32(lying));
  lying.insert(lying.end(), checksum.view().begin(), checksum.view().end());
  refused(lying);
}

TEST_F(DumpStreamTest, startsNoNewFileWhereTheClosedOneHasNothingMore) {
  FileBuilder first;
  send(made_up_rotate("bin.000001", 4));
  const Bytes format = first.format();
  send(format);
  send_transaction(first, 1);
  // The next file was begun, but the daemon died before it counted.
  relay_.log().begin_file("bin.000002", {11, ""});
  restart();
  send(made_up_rotate("bin.000001", first.offset()));
  send(without_log_pos(format));
  FileBuilder second;
  send(made_up_rotate("bin.000002", 4));
  send(second.format());
  send_transaction(second, 2);
  relay_.log().flush();
  ASSERT_EQ(relay_.log().files().size(), 2U);
  EXPECT_EQ(relay_.content(1), first.content());
  EXPECT_EQ(relay_.content(2), second.content());
}

TEST_F(DumpStreamTest, goesOnInAnotherRelayFileWhereTheClosedOneHasMore) {
  FileBuilder first;
  send(made_up_rotate("bin.000001", 4));
  const Bytes format = first.format();
  send(format);
  send_transaction(first, 1);
  relay_.log().begin_file("other.000001", {12, ""});
  restart();
  const std::uint64_t end = first.offset();
  send(made_up_rotate("bin.000001", end));
  send(without_log_pos(format));
  send_transaction(first, 2);
  relay_.log().flush();
  const auto files = relay_.log().files();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[1].source_file_name, "bin.000001");
  const auto cursor = relay_.log().open_cursor({2, 4});
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->next()->start, (relay::RelayPosition{2, end}));
}

TEST_F(DumpStreamTest, cutsATransactionThatTheSourceGaveUp) {
  FileBuilder first;
  send(made_up_rotate("bin.000001", 4));
  send(first.format());
  send_transaction(first, 1);
  const std::uint64_t boundary = first.offset();
  send(first.gtid(0, 2));
  send(first.rows());
  // The source crashed and went on in a new file.
  FileBuilder second;
  send(made_up_rotate("bin.000002", 4));
  send(second.format());
  send_transaction(second, 2);
  relay_.log().flush();
  EXPECT_EQ(relay_.content(1).size(), boundary);
  EXPECT_EQ(relay_.content(2), second.content());
  EXPECT_EQ(stream_->gtid_position().to_string(), "0-11-2");
}

}  // namespace
}  // namespace tributary::source
