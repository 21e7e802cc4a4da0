#include "dump_stream_fixture.hpp"

namespace tributary::source {
namespace {

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

}  // namespace
}  // namespace tributary::source
