#include "relay_recovery.hpp"

#include <fstream>

#include "relay_fixture.hpp"

namespace tributary::relay {
namespace {

class RelayRecoveryTest : public RelayFixture {
 protected:
  void SetUp() override {
    RelayFixture::SetUp();
    // A log of a few transactions is enough, and quick to cut at every byte.
    std::uint64_t size = binlog::k_first_event_offset;
    std::size_t count = 0;
    while (count < events_.size() && size < 3000) size += events_[count++].raw.size();
    while (!events_[count - 1].boundary) --count;
    events_.resize(count);
    content_.assign(content_.begin(), content_.begin() + 4);
    for (const TestEvent& event : events_) content_.insert(content_.end(), event.raw.begin(), event.raw.end());
  }

  void write_log() {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    log_.reset();
  }
  [[nodiscard]] std::filesystem::path file(int number) const {
    return directory_ / ("host-relay-bin-shop.00000" + std::to_string(number));
  }
  void write_file(const Bytes& content, std::uint64_t size) const {
    std::filesystem::remove(file(1));
    File stored(file(1), File::Mode::create);
    stored.write_at(0, ByteView(content).first(size));
  }
  /// The last boundary at or before @p size.
  [[nodiscard]] std::uint64_t boundary_before(std::uint64_t size) const {
    std::uint64_t offset = binlog::k_first_event_offset;
    std::uint64_t boundary = offset;
    for (const TestEvent& event : events_) {
      offset += event.raw.size();
      if (offset > size) break;
      if (event.boundary) boundary = offset;
    }
    return boundary;
  }
  /// Appends what is missing from @p offset on.
  void append_rest(RelayLog& log, std::uint64_t offset) {
    std::uint64_t at = binlog::k_first_event_offset;
    std::size_t index = 0;
    while (at < offset) at += events_[index++].raw.size();
    ASSERT_EQ(at, offset);
    append_events(log, index, events_.size());
  }
};

TEST_F(RelayRecoveryTest, findsAWholeLogUnchanged) {
  write_log();
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(log.write_end(), content_.size());
  EXPECT_EQ(read_published(log, {1, 4}), without_magic());
}

TEST_F(RelayRecoveryTest, endsAtABoundaryWhereverTheFileIsCut) {
  write_log();
  const RelayFileRecord record = catalogue_.records_.at(1);
  ASSERT_GE(record.boundary_offset, events_[0].raw.size());
  for (std::uint64_t size = 0; size <= content_.size(); ++size) {
    SCOPED_TRACE(size);
    write_file(content_, size);
    catalogue_.records_[1] = record;
    RelayLog& log = open();
    const std::uint64_t end = log.received_end().offset;
    // Less than the first recorded boundary is a file that lost what it had promised: it counts only with content.
    const std::uint64_t expected = boundary_before(size);
    if (size >= record.boundary_offset) {
      ASSERT_EQ(end, expected);
    } else {
      ASSERT_EQ(end, 0U);
      ASSERT_TRUE(log.received_end().source_file_name.empty());
    }
    if (log.published_end().file_number == 0) log.begin_file("bin.000008", source_);
    append_rest(log, log.write_end());
    log_.reset();
    ASSERT_EQ(read_bytes(file(1)), content_);
  }
}

TEST_F(RelayRecoveryTest, endsAtABoundaryWhereverTheTailIsDamaged) {
  write_log();
  const RelayFileRecord record = catalogue_.records_.at(1);
  for (std::uint64_t at = record.boundary_offset; at < content_.size(); ++at) {
    SCOPED_TRACE(at);
    Bytes damaged = content_;
    damaged[at] ^= 0x40U;
    write_file(damaged, damaged.size());
    catalogue_.records_[1] = record;
    RelayLog& log = open();
    const std::uint64_t end = log.received_end().offset;
    ASSERT_LE(end, at);
    ASSERT_EQ(end, boundary_before(end));
    append_rest(log, log.write_end());
    log_.reset();
    ASSERT_EQ(read_bytes(file(1)), content_);
  }
}

TEST_F(RelayRecoveryTest, refusesAFileWhoseStartIsDamaged) {
  write_log();
  Bytes damaged = content_;
  damaged[30] ^= 1U;
  write_file(damaged, damaged.size());
  EXPECT_THROW(open(), Error);
}

TEST_F(RelayRecoveryTest, cutsZerosThatAPowerLossLeft) {
  write_log();
  Bytes longer = content_;
  longer.resize(longer.size() + 5000, 0);
  write_file(longer, longer.size());
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(std::filesystem::file_size(file(1)), content_.size());
}

TEST_F(RelayRecoveryTest, ignoresAFileThatSawNoBoundary) {
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    // A start by GTID: a preamble whose place in the stream is not settled yet.
    log.begin_file("bin.000009", {12, ""});
    log.append(events_[0].raw);
    log.append(events_[1].raw);
    log_.reset();
  }
  std::filesystem::resize_file(file(2), 4 + events_[0].raw.size());
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(log.published_end(), (RelayPosition{1, content_.size()}));
  log.begin_file("bin.000009", {12, ""});
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{2, content_.size()}));
  EXPECT_EQ(read_bytes(file(2)), content_);
}

TEST_F(RelayRecoveryTest, resumesInANewFileAsSoonAsItsFirstBoundaryIsMarked) {
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    log.begin_file("bin.000009", source_);
    append_events(log, 0, 1);
    log_.reset();
  }
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().source_file_name, "bin.000009");
  EXPECT_EQ(log.received_end().offset, 4 + events_[0].raw.size());
}

TEST_F(RelayRecoveryTest, makesAFileAgainThatWasRecordedButNeverMade) {
  write_log();
  RelayFileRecord record = catalogue_.records_.at(1);
  record.file_number = 2;
  record.file_name = "host-relay-bin-shop.000002";
  record.source_file_name = "bin.000009";
  record.boundary_offset = 0;
  catalogue_.save(record);
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  log.begin_file("bin.000009", source_);
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{2, content_.size()}));
  EXPECT_EQ(log.files().size(), 2U);
}

TEST_F(RelayRecoveryTest, keepsTheFirstNumberWhenTheFirstFileWasNeverMade) {
  RelayFileRecord record;
  record.file_number = 1;
  record.file_name = "host-relay-bin-shop.000001";
  record.source_file_name = "bin.000008";
  record.created_at = 1;
  catalogue_.save(record);
  RelayLog& log = open();
  EXPECT_TRUE(log.received_end().source_file_name.empty());
  log.begin_file("bin.000008", source_);
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{1, content_.size()}));
}

TEST_F(RelayRecoveryTest, rebuildsALostCatalogueFromTheFiles) {
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    log.begin_file("bin.000009", {11, "0c6cbb9c-0000-11ee-0000-000000000000"});
    append_all(log);
    log_.reset();
  }
  catalogue_.lose_everything();
  RelayLog& log = open();
  ASSERT_EQ(log.files().size(), 2U);
  EXPECT_EQ(log.files()[0].source_file_name, "bin.000008");
  EXPECT_EQ(log.received_end().source_file_name, "bin.000009");
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(log.received_end().source.server_uuid, "0c6cbb9c-0000-11ee-0000-000000000000");
  EXPECT_EQ(catalogue_.records_.at(2).boundary_offset, content_.size());
  EXPECT_EQ(catalogue_.last_number(), 2U);
}

TEST_F(RelayRecoveryTest, believesWhatWasNotSyncedByItsChecksumsOrWhileTheSystemRuns) {
  const std::string sources = (directory_ / "host-relay-bin-shop.sources").string();
  for (const bool with_checksums : {true, false}) {
    if (!with_checksums) {
      content_ = read_bytes(TRIBUTARY_TEST_DATA "/binlogs/mariadb-10.11/checksum_none.binlog");
      events_ = split_events(content_);
    }
    for (const std::string boot : {"same", "other", "not told, as by former versions"}) {
      SCOPED_TRACE(std::string(with_checksums ? "with" : "without") + ", boot: " + boot);
      log_.reset();
      std::filesystem::remove_all(directory_);
      std::filesystem::create_directory(directory_);
      catalogue_.lose_everything();
      write_log();
      const std::uint64_t on_record = catalogue_.records_.at(1).boundary_offset;
      ASSERT_LT(on_record, content_.size());
      std::string lines = read_file(sources);
      if (boot == "other") {
        lines[lines.size() - 2] = lines[lines.size() - 2] == '0' ? '1' : '0';
      } else if (boot != "same") {
        lines.resize(lines.find("# boot "));
      }
      replace_file(sources, lines);
      EXPECT_EQ(open().received_end().offset, with_checksums || boot != "other" ? content_.size() : on_record);
    }
  }
}

TEST_F(RelayRecoveryTest, whatIsMadeDurableIsOnRecord) {
  RelayLog& log = open();
  log.make_durable({});
  log.begin_file("bin.000008", source_);
  append_all(log);
  const std::uint64_t end = content_.size();
  ASSERT_LT(catalogue_.records_.at(1).boundary_offset, end);
  log.make_durable({1, end});
  EXPECT_EQ(catalogue_.records_.at(1).boundary_offset, end);
  const std::uint64_t saves = catalogue_.saves_;
  log.make_durable({1, end});
  log.begin_file("bin.000009", source_);
  log.make_durable({1, end});
  EXPECT_EQ(catalogue_.saves_, saves + 1) << "once, and for the new file";
}

TEST_F(RelayRecoveryTest, saysSoWhenNothingTellsTheSourceFile) {
  write_log();
  catalogue_.lose_everything();
  std::filesystem::remove(directory_ / "host-relay-bin-shop.sources");
  try {
    open();
    FAIL() << "receiving would start at a place nobody knows";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 1594);
    EXPECT_NE(std::string(error.what()).find("host-relay-bin-shop.000001"), std::string::npos);
  }
}

TEST_F(RelayRecoveryTest, refetchesARemovedNewestFileUnderItsNumber) {
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    log.begin_file("bin.000009", source_);
    append_all(log);
    log_.reset();
  }
  std::filesystem::remove(file(2));
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  const auto cursor = log.open_cursor({2, content_.size()});  // an applier that was there already
  EXPECT_EQ(cursor->next(), std::nullopt);
  log.begin_file("bin.000009", source_);
  append_all(log);
  EXPECT_EQ(cursor->next(), std::nullopt);
  EXPECT_EQ(log.published_end(), (RelayPosition{2, content_.size()}));
}

TEST_F(RelayRecoveryTest, dropsRecordsOfFilesThatAreGone) {
  {
    RelayLog& log = open();
    for (int number = 1; number < 4; ++number) {
      log.begin_file("bin.00000" + std::to_string(number), source_);
      append_all(log);
    }
    log_.reset();
  }
  std::filesystem::remove(file(1));
  RelayLog& log = open();
  EXPECT_EQ(catalogue_.records_.size(), 2U);
  EXPECT_EQ(log.begin(), (RelayPosition{2, 4}));
  EXPECT_THROW(log.open_cursor({1, 4})->next(), Error);
  log_.reset();
  for (const int number : {2, 3}) std::filesystem::remove(file(number));
  RelayLog& empty = open();
  EXPECT_TRUE(catalogue_.records_.empty());
  EXPECT_EQ(empty.begin(), (RelayPosition{4, 4}));
}

TEST_F(RelayRecoveryTest, removesWhatAFormerConfigurationLeft) {
  {
    RelayLog& log = open();
    for (int number = 1; number < 4; ++number) {
      log.begin_file("bin.00000" + std::to_string(number), source_);
      append_all(log);
    }
    log_.reset();
  }
  // CHANGE MASTER said that numbers go on with 4; the daemon died before the old files were gone.
  std::filesystem::remove(file(1));
  RelayLogOptions changed = options();
  changed.first_file_number = 4;
  RelayLog log(changed, catalogue_);
  EXPECT_TRUE(log.files().empty());
  EXPECT_TRUE(log.received_end().source_file_name.empty());
  EXPECT_TRUE(catalogue_.records_.empty());
  EXPECT_FALSE(std::filesystem::exists(file(3)));
  log.begin_file("new.000001", source_);
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{4, content_.size()}));
}

TEST_F(RelayRecoveryTest, cutsALongTransactionThatIsNotWhole) {
  // A transaction of 40 MiB that was cut off by a crash.
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    append_all(log);
    std::size_t first = 0;
    while (events_[first].boundary) ++first;
    log.append(events_[first].raw);
    ByteWriter out;
    binlog::EventHeader header;
    header.type = binlog::EventType::mariadb_annotate_rows;
    header.event_size = 1 << 20;
    header.encode(out);
    Bytes event = out.take();
    event.resize((1 << 20) - 4, 'x');
    binlog::finish_event(event, binlog::ChecksumAlgorithm::crc32);
    for (int count = 0; count < 40; ++count) log.append(event);
    log_.reset();
  }
  ASSERT_GT(std::filesystem::file_size(file(1)), 32U << 20);
  RelayLog& log = open();
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(read_bytes(file(1)), content_);
}

TEST_F(RelayRecoveryTest, keepsWhatIsWholeBehindARecordThatALossOfPowerMadeOld) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  const auto recorded = catalogue_.records_;
  std::size_t first = 0;
  while (events_[first].boundary) ++first;
  std::size_t last = first;
  while (!events_[last].boundary) ++last;
  while (log.write_end() < 3 * RelayLog::k_boundary_step) append_events(log, first, last + 1, false);
  const std::uint64_t end = log.write_end();
  log.flush();
  ASSERT_GT(catalogue_.records_.at(1).boundary_offset, recorded.at(1).boundary_offset);
  log_.reset();
  catalogue_.records_ = recorded;
  EXPECT_EQ(open().received_end().offset, end);
}

TEST_F(RelayRecoveryTest, recordsBoundariesOfALongFileAsItGrows) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  const std::uint64_t saves = catalogue_.saves_;
  std::size_t first = 0;
  while (events_[first].boundary) ++first;
  std::size_t last = first;
  while (!events_[last].boundary) ++last;
  while (log.write_end() < 40U << 20) append_events(log, first, last + 1, false);
  EXPECT_EQ(catalogue_.saves_ - saves, 2U);
  EXPECT_GT(catalogue_.records_.at(1).boundary_offset, 30U << 20);
  const std::uint64_t end = log.write_end();
  log.flush();
  log_.reset();
  EXPECT_EQ(open().received_end().offset, end);
}

}  // namespace
}  // namespace tributary::relay
