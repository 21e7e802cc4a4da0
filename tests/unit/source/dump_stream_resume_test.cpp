#include "dump_stream_fixture.hpp"

namespace tributary::source {
namespace {

class DumpStreamResumeTest : public DumpStreamTest {};

TEST_F(DumpStreamResumeTest, resumesAtTheByteInsideATransaction) {
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

TEST_F(DumpStreamResumeTest, resumesAtTheLastTransactionAfterARestart) {
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

TEST_F(DumpStreamResumeTest, dropsWhatIsStoredWhenTheFileIsReadAgain) {
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

TEST_F(DumpStreamResumeTest, reachesAPositionThatCannotBeAskedForFromTheStartOfTheFile) {
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

TEST_F(DumpStreamResumeTest, refusesAFileThatEndsBeforeThePosition) {
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

TEST_F(DumpStreamResumeTest, startsNoNewFileWhereTheClosedOneHasNothingMore) {
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

TEST_F(DumpStreamResumeTest, goesOnInAnotherRelayFileWhereTheClosedOneHasMore) {
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

TEST_F(DumpStreamResumeTest, cutsATransactionThatTheSourceGaveUp) {
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
