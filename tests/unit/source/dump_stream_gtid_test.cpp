#include <gtest/gtest.h>

#include "dump_stream.hpp"
#include "receive_error.hpp"
#include "relay_directory_fixture.hpp"
#include "stream_events.hpp"

namespace tributary::source {
namespace {

/// Dumps by MariaDB GTID: until the source has found the place, nothing counts as received.
class DumpStreamGtidTest : public ::testing::Test {
 protected:
  DumpStreamGtidTest() : stream_(relay_.log(), "channel 'shop'") {
    probe_.answers.server_id = 11;
    probe_.mariadb = true;
    probe_.checksum = ChecksumAlgorithm::crc32;
  }
  void ask(const std::string& state) {
    DumpStart start;
    start.by = DumpStart::By::gtid;
    start.gtid_state = start.skipped_state = gtid::MariadbGtidPosition::parse(state);
    stream_.set_gtid_position(start.gtid_state);
    stream_.begin(probe_, start);
    stream_.on_event(made_up_rotate("bin.000005", 4));
    stream_.on_event(file_.format());
  }
  void send_transaction(std::uint32_t domain, std::uint64_t seq_no) {
    for (const Bytes& event : {file_.gtid(domain, seq_no), file_.rows(), file_.xid()}) stream_.on_event(event);
  }
  [[nodiscard]] bool counts() {
    relay_.log().flush();
    return !relay_.log().received_end().source_file_name.empty();
  }

  RelayDirectoryFixture relay_;
  SourceProbe probe_;
  DumpStream stream_;
  FileBuilder file_;
};

TEST_F(DumpStreamGtidTest, countsFromTheFirstGroupAfterTheSkippedOnes) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  EXPECT_FALSE(counts()) << "going on by file and position would bring groups that we have";
  file_.skip(1000);
  stream_.on_event(gtid_list(file_.offset(), "0-11-8", true));
  const std::uint64_t start = file_.offset();
  send_transaction(0, 9);
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-9");
  const auto cursor = relay_.log().open_cursor({});
  cursor->next();
  cursor->next();
  EXPECT_EQ(cursor->next()->start.offset, start);
}

TEST_F(DumpStreamGtidTest, aSourceMayBeginWhereTheGroupsAreThatWeLack) {
  for (const std::string state : {"0-11-8", ""}) {
    DumpStart start;
    start.by = DumpStart::By::gtid;
    start.gtid_state = start.skipped_state = gtid::MariadbGtidPosition::parse(state);
    stream_.start_over();
    stream_.set_gtid_position(start.gtid_state);
    stream_.begin(probe_, start);
    file_ = FileBuilder();
    const Bytes format = without_log_pos(file_.format());
    file_.skip(1000);
    stream_.on_event(made_up_rotate("bin.000005", file_.offset()));
    stream_.on_event(format);
    stream_.on_event(gtid_list(file_.offset(), state, true));
    send_transaction(0, 9);
    EXPECT_TRUE(counts());
    EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
    // Only the first file.
    EXPECT_THROW(stream_.on_event(made_up_rotate("bin.000006", 500)), ReceiveError);
  }
}

TEST_F(DumpStreamGtidTest, countsAtOnceWhereTheFileBeginsWithWhatWeHave) {
  ask("0-11-3");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(0, 4);
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.content(1), file_.content());
}

TEST_F(DumpStreamGtidTest, countsAtOnceWhenEverythingWasAskedFor) {
  ask("");
  EXPECT_TRUE(counts());
}

TEST_F(DumpStreamGtidTest, aHeartbeatEndsTheSearch) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  file_.skip(1000);
  stream_.on_event(heartbeat("bin.000005", static_cast<std::uint32_t>(file_.offset())));
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset()) << "going on from before would bring what was skipped";
  send_transaction(0, 9);
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidTest, countsWhatCameInTheSearchAsSoonAsItHasEnded) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(1, 1);
  file_.skip(1000);
  stream_.on_event(gtid_list(file_.offset(), "0-11-8,1-11-1", true));
  EXPECT_TRUE(counts());
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-8,1-11-1");
  EXPECT_EQ(relay_.log().received_end().offset, file_.offset());
}

TEST_F(DumpStreamGtidTest, refusesAFileThatBeginsAfterGroupsThatDidNotCome) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-8"));
  send_transaction(0, 9);
  stream_.on_event(made_up_rotate("bin.000006", 4));
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  try {
    stream_.on_event(file_.list("0-11-12"));
    FAIL() << "0-11-10 to 0-11-12 are taken for received";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 1236);
    EXPECT_EQ(error.remedy(), Remedy::give_up);
    EXPECT_NE(std::string(error.what()).find("after 0-11-12, but of that domain nothing behind 0-11-9"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-9");
}

TEST_F(DumpStreamGtidTest, groupsOfAnotherDomainDoNotCountBeforeTheSearchHasEnded) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(1, 1);
  EXPECT_FALSE(counts());
  file_.skip(1000);
  send_transaction(1, 2);
  EXPECT_FALSE(counts());
  file_.skip(1000);
  stream_.on_event(gtid_list(file_.offset(), "0-11-8,1-11-2", true));
  send_transaction(0, 9);
  EXPECT_TRUE(counts());
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-9,1-11-2");
}

TEST_F(DumpStreamGtidTest, oneDomainThatIsFoundDoesNotEndTheSearchForAnother) {
  ask("0-11-3,1-11-20");
  stream_.on_event(file_.list(""));
  file_.skip(1000);  // 0-11-1 to 0-11-3 and some of domain 1
  stream_.on_event(gtid_list(file_.offset(), "0-11-3,1-11-7", true));
  send_transaction(0, 4);
  EXPECT_FALSE(counts()) << "from here on the file has groups of domain 1 that we have";
  file_.skip(1000);
  stream_.on_event(gtid_list(file_.offset(), "0-11-4,1-11-20", true));
  EXPECT_TRUE(counts());
  send_transaction(1, 21);
  EXPECT_TRUE(counts());
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-4,1-11-21");
}

TEST_F(DumpStreamGtidTest, aDomainThatIsSentIsNotSearchedFor) {
  ask("0-11-3,1-11-20");
  stream_.on_event(file_.list("0-11-3,1-11-7"));
  EXPECT_FALSE(counts());
  file_.skip(1000);
  send_transaction(1, 21);
  EXPECT_TRUE(counts());
}

TEST_F(DumpStreamGtidTest, recordsWhatWasReceivedBeforeAFile) {
  ask("0-11-3,1-11-20");
  stream_.on_event(file_.list(""));
  send_transaction(2, 1);
  stream_.on_event(made_up_rotate("bin.000006", 4));
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  stream_.on_event(file_.list("2-11-1"));
  file_.skip(100);
  stream_.on_event(heartbeat("bin.000006", static_cast<std::uint32_t>(file_.offset())));
  send_transaction(2, 2);
  EXPECT_TRUE(counts());
  for (const char* when : {"now", "after a restart"}) {
    EXPECT_EQ(relay_.log().files().at(0).gtid_before, "0-11-3,1-11-20") << when;
    EXPECT_EQ(relay_.log().files().at(1).gtid_before, "0-11-3,1-11-20,2-11-1") << when;
    relay_.reopen();
  }
}

TEST_F(DumpStreamGtidTest, forgetsGroupsThatDidNotCountWhenTheConnectionIsLost) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(1, 1);
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-8");
  stream_.start_over();
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-8") << "1-11-1 must be asked for again";
  EXPECT_FALSE(counts());
}

TEST_F(DumpStreamGtidTest, groupsCountWithTheNextFileAtTheLatest) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(1, 1);
  stream_.on_event(made_up_rotate("bin.000006", 4));
  const FileBuilder first = file_;
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.content(1), first.content());
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-8,1-11-1");
}

TEST_F(DumpStreamGtidTest, cutsATransactionThatTheSourceGaveUpInTheSearch) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  send_transaction(1, 1);
  const Bytes whole = file_.content();
  stream_.on_event(file_.gtid(1, 2));
  stream_.on_event(file_.rows());
  stream_.on_event(made_up_rotate("bin.000006", 4));
  file_ = FileBuilder();
  stream_.on_event(file_.format());
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.content(1), whole);
  EXPECT_EQ(stream_.gtid_position().to_string(), "0-11-8,1-11-1");
}

TEST_F(DumpStreamGtidTest, beginsAgainAfterAConnectionThatEndedInTheSearch) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  stream_.start_over();
  file_ = FileBuilder();
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  file_.skip(1000);
  stream_.on_event(gtid_list(file_.offset(), "0-11-8", true));
  send_transaction(0, 9);
  EXPECT_TRUE(counts());
  EXPECT_EQ(relay_.log().files().size(), 1U);
}

TEST_F(DumpStreamGtidTest, aRotateThatWasDiscardedSaysNothing) {
  ask("0-11-8");
  stream_.on_event(file_.list("0-11-3"));
  ByteWriter body;
  body.u64(4);
  body.text("bin.000009");
  stream_.on_event(file_.event(EventType::rotate, body.view()));
  EXPECT_FALSE(counts());
  stream_.start_over();
  DumpStart start;
  start.by = DumpStart::By::gtid;
  stream_.begin(probe_, start);
  stream_.on_event(made_up_rotate("bin.000005", 4));
  EXPECT_NO_THROW(stream_.on_event(made_up_rotate("bin.000006", 4)));
}

TEST_F(DumpStreamGtidTest, refusesMoreDomainsThanAServerCanHave) {
  const auto domains = [](int count) {
    gtid::MariadbGtidPosition position;
    for (int domain = 0; domain < count; ++domain) position.update({static_cast<std::uint32_t>(domain), 11, 1});
    return position.to_string();
  };
  DumpStart start;
  stream_.begin(probe_, start);
  stream_.on_event(made_up_rotate("bin.000005", 4));
  stream_.on_event(file_.format());
  stream_.on_event(file_.list(domains(10'000)));
  const std::uint64_t changes = stream_.gtid_position_changes();
  send_transaction(7, 2);
  EXPECT_GT(stream_.gtid_position_changes(), changes);
  EXPECT_THROW(send_transaction(10'000, 1), ReceiveError);
  file_ = FileBuilder();
  stream_.start_over();
  stream_.set_gtid_position({});
  stream_.begin(probe_, start);
  stream_.on_event(made_up_rotate("bin.000006", 4));
  stream_.on_event(file_.format());
  EXPECT_THROW(stream_.on_event(file_.list(domains(10'001))), ReceiveError);
}

}  // namespace
}  // namespace tributary::source
