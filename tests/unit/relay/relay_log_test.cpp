#include <fstream>
#include <sstream>

#include <sys/resource.h>
#include <sys/stat.h>

#include "file_size_limit.hpp"
#include "relay_fixture.hpp"

namespace tributary::relay {
namespace {

using binlog::ChecksumAlgorithm;

std::string text_of(const std::filesystem::path& path) {
  return read_file(path);
}

class RelayLogTest : public RelayFixture {};

TEST_F(RelayLogTest, beginsEmpty) {
  RelayLog& log = open();
  EXPECT_EQ(log.published_end(), RelayPosition{});
  EXPECT_TRUE(log.received_end().source_file_name.empty());
  EXPECT_EQ(log.begin(), (RelayPosition{1, 4}));
  EXPECT_EQ(log.total_bytes(), 0U);
  EXPECT_EQ(log.open_cursor({})->next(), std::nullopt);
  EXPECT_THROW(log.append(events_[0].raw), WriteError);
}

TEST_F(RelayLogTest, storesTheSourcesFileByteForByte) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  EXPECT_EQ(read_bytes(log.path_of(1)), content_);
  EXPECT_EQ(log.published_end(), (RelayPosition{1, content_.size()}));
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  EXPECT_EQ(log.received_end().offset, content_.size());
  EXPECT_EQ(log.received_end().source, source_);
  EXPECT_EQ(log.total_bytes(), content_.size());
  EXPECT_EQ(read_published(log, {1, 4}), without_magic());
  struct stat status {};
  ASSERT_EQ(::stat(log.path_of(1).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(text_of(directory_ / "host-relay-bin-shop.index"), "./host-relay-bin-shop.000001\n");
  const std::string sources = text_of(directory_ / "host-relay-bin-shop.sources");
  EXPECT_EQ(sources.substr(0, sources.find("# boot ")), "host-relay-bin-shop.000001\tbin.000008\t11\t\n");
}

TEST_F(RelayLogTest, showsReadersOnlyWholeTransactions) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  std::uint64_t offset = binlog::k_first_event_offset;
  std::uint64_t boundary = offset;
  for (const TestEvent& event : events_) {
    log.append(event.raw);
    offset += event.raw.size();
    if (event.boundary) {
      log.mark_boundary(true);
      boundary = offset;
    }
    EXPECT_EQ(log.write_end(), offset);
    ASSERT_EQ(log.published_end(), (RelayPosition{1, boundary}));
  }
}

TEST_F(RelayLogTest, publishesLaterWithoutFlush) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_events(log, 0, events_.size(), false);
  EXPECT_LT(log.published_end().offset, content_.size());
  log.flush();
  EXPECT_EQ(log.published_end().offset, content_.size());
}

TEST_F(RelayLogTest, letsATransactionLargerThanTheBufferThrough) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_events(log, 0, 1);
  const auto published = log.published_end();
  Bytes expected(content_.begin(), content_.begin() + static_cast<std::ptrdiff_t>(published.offset));
  for (const std::size_t size : {100UL, 300UL << 10, 1UL << 20, 50UL, 256UL << 10, (256UL << 10) + 1}) {
    ByteWriter out;
    binlog::EventHeader header;
    header.type = binlog::EventType::write_rows_v1;
    header.event_size = binlog::EventHeader::k_length;
    header.encode(out);
    out.fill(size - out.size() - binlog::k_checksum_length, static_cast<std::uint8_t>(size));
    Bytes event = out.take();
    binlog::finish_event(event, binlog::ChecksumAlgorithm::crc32);
    log.append(event);
    expected.insert(expected.end(), event.begin(), event.end());
    EXPECT_EQ(log.published_end(), published);
  }
  log.mark_boundary(true);
  EXPECT_EQ(log.published_end().offset, expected.size());
  EXPECT_EQ(read_bytes(log.path_of(1)), expected);
  Bytes read(content_.begin(), content_.begin() + 4);
  const Bytes rest = read_published(log, {1, 4});
  read.insert(read.end(), rest.begin(), rest.end());
  EXPECT_EQ(read, expected);
}

TEST_F(RelayLogTest, discardsAPartialTransaction) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  std::size_t inside = 0;
  while (events_[inside].boundary) ++inside;
  append_events(log, 0, inside + 1);
  const auto boundary = log.received_end().offset;
  EXPECT_GT(log.write_end(), boundary);
  log.append(Bytes(1 << 20, 7));  // reaches the file
  log.discard_partial_transaction();
  EXPECT_EQ(log.write_end(), boundary);
  append_events(log, inside, events_.size());
  EXPECT_EQ(read_bytes(log.path_of(1)), content_);
}

TEST_F(RelayLogTest, rotatesAndReadsAcrossFiles) {
  RelayLog& log = open();
  for (int number = 0; number < 3; ++number) {
    log.begin_file("bin.00000" + std::to_string(number), source_);
    append_all(log);
  }
  Bytes expected;
  for (int number = 0; number < 3; ++number) {
    const Bytes one = without_magic();
    expected.insert(expected.end(), one.begin(), one.end());
  }
  EXPECT_EQ(read_published(log, {1, 4}), expected);
  EXPECT_EQ(read_published(log, {}), expected);
  EXPECT_EQ(log.files().size(), 3U);
  EXPECT_EQ(log.find_source_file("bin.000001")->file_number, 2U);
  EXPECT_EQ(log.find_source_file("bin.000009"), std::nullopt);
  EXPECT_EQ(log.total_bytes(), 3 * content_.size());
  EXPECT_EQ(text_of(directory_ / "host-relay-bin-shop.index"),
            "./host-relay-bin-shop.000001\n./host-relay-bin-shop.000002\n./host-relay-bin-shop.000003\n");
}

TEST_F(RelayLogTest, cutsAPartialTransactionWhenTheSourceGoesOnInAnotherFile) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  std::size_t inside = 0;
  while (events_[inside].boundary) ++inside;
  append_events(log, 0, inside + 1);
  const auto boundary = log.received_end().offset;
  log.begin_file("bin.000009", source_);
  EXPECT_EQ(std::filesystem::file_size(log.path_of(1)), boundary);
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008") << "the new file has no boundary yet";
  append_all(log);
  EXPECT_EQ(log.received_end().source_file_name, "bin.000009");
  Bytes expected(content_.begin() + 4, content_.begin() + static_cast<std::ptrdiff_t>(boundary));
  const Bytes second = without_magic();
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(read_published(log, {1, 4}), expected);
}

TEST_F(RelayLogTest, usesAFileAgainThatNeverSawABoundary) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  log.begin_file("bin.000009", source_);
  log.append(events_[0].raw);
  log.begin_file("other.000001", {12, ""});
  EXPECT_EQ(log.write_end(), 4U);
  EXPECT_EQ(log.files().size(), 2U);
  append_all(log);
  EXPECT_EQ(read_bytes(log.path_of(2)), content_);
  EXPECT_EQ(log.received_end().source_file_name, "other.000001");
  EXPECT_EQ(log.received_end().source.server_id, 12U);
  EXPECT_EQ(catalogue_.records_.at(2).source_file_name, "other.000001");
}

TEST_F(RelayLogTest, coversHolesThatReadersNeverSee) {
  for (const std::uint64_t gap : {23UL, 1000UL, 100UL << 10, 40UL << 20}) {
    SCOPED_TRACE(gap);
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    log.append(events_[0].raw);
    const std::uint64_t start = log.write_end();
    log.cover_hole(start + gap, ChecksumAlgorithm::crc32, 11);
    EXPECT_EQ(log.write_end(), start + gap);
    log.mark_boundary(true);
    log.append(events_[1].raw);
    log.mark_boundary(true);
    Bytes expected = events_[0].raw;
    expected.insert(expected.end(), events_[1].raw.begin(), events_[1].raw.end());
    const std::uint64_t number = log.published_end().file_number;
    EXPECT_EQ(read_published(log, {number, 4}), expected);
    EXPECT_LE(log.total_bytes(), expected.size() + 4 + std::min<std::uint64_t>(gap, 200 << 10));
    // And the events that cover the hole are whole ones.
    const Bytes stored = read_bytes(log.path_of(number));
    for (const TestEvent& event : split_events(stored)) {
      EXPECT_TRUE(binlog::EventView(event.raw, ChecksumAlgorithm::crc32).checksum_matches());
    }
    log.remove_all();
  }
}

TEST_F(RelayLogTest, refusesAHoleThatNoEventFits) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  log.append(events_[0].raw);
  const std::uint64_t end = log.write_end();
  EXPECT_THROW(log.cover_hole(end + 22, ChecksumAlgorithm::crc32, 11), WriteError);
  EXPECT_THROW(log.cover_hole(end - 1, ChecksumAlgorithm::off, 11), WriteError);
  EXPECT_EQ(log.write_end(), end);
}

TEST_F(RelayLogTest, countsOffsetsBeyondFourGigabytes) {
  const std::uint64_t far = (std::uint64_t{1} << 32) + 12345;
  {
    RelayLog& log = open();
    log.begin_file("bin.000008", source_);
    log.append(events_[0].raw);
    log.cover_hole(far, ChecksumAlgorithm::crc32, 11);
    log.mark_boundary(true);
    log.append(events_[1].raw);
    log.mark_boundary(true);
    EXPECT_EQ(log.published_end().offset, far + events_[1].raw.size());
    const auto cursor = log.open_cursor({1, far});
    const auto event = cursor->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->start, (RelayPosition{1, far}));
    EXPECT_EQ(Bytes(event->raw.begin(), event->raw.end()), events_[1].raw);
    EXPECT_TRUE(cursor->description().is_mariadb());
    EXPECT_LT(log.total_bytes(), 8U << 20);
  }
  catalogue_.records_.at(1).boundary_offset = far;
  RelayLog& again = open();
  EXPECT_EQ(again.received_end().offset, far + events_[1].raw.size());
  EXPECT_LT(again.total_bytes(), 8U << 20);
}

TEST_F(RelayLogTest, purgesOldFilesButNeverTheOneBeingReceived) {
  RelayLog& log = open();
  for (int number = 0; number < 4; ++number) {
    log.begin_file("bin.00000" + std::to_string(number), source_);
    append_all(log);
  }
  const auto reader = log.open_cursor({2, 4});
  ASSERT_TRUE(reader->next().has_value());
  log.purge_before(3);
  EXPECT_EQ(log.begin(), (RelayPosition{3, 4}));
  EXPECT_FALSE(std::filesystem::exists(log.path_of(1)));
  EXPECT_FALSE(std::filesystem::exists(log.path_of(2)));
  EXPECT_EQ(catalogue_.records_.size(), 2U);
  EXPECT_THROW(log.open_cursor({1, 4})->next(), Error);
  std::size_t events = 1;
  while (reader->next()) ++events;
  EXPECT_EQ(events, 3 * events_.size()) << "a file that is open is read to its end";
  log.begin_file("bin.000004", source_);
  log.purge_before(1000);
  EXPECT_EQ(log.begin(), (RelayPosition{4, 4})) << "receiving goes on at the end of file 4 until file 5 counts";
  append_all(log);
  log.purge_before(1000);
  EXPECT_EQ(log.begin(), (RelayPosition{5, 4}));
  EXPECT_EQ(text_of(directory_ / "host-relay-bin-shop.index"), "./host-relay-bin-shop.000005\n");
}

TEST_F(RelayLogTest, keepsCountingAfterAllFilesWereRemoved) {
  RelayLog& log = open();
  log.begin_file("bin.000001", source_);
  append_all(log);
  log.begin_file("bin.000002", source_);
  append_all(log);
  log.remove_all();
  EXPECT_EQ(log.published_end(), RelayPosition{});
  EXPECT_EQ(log.begin(), (RelayPosition{3, 4}));
  EXPECT_EQ(log.total_bytes(), 0U);
  EXPECT_THROW(log.open_cursor({1, 4})->next(), Error);
  EXPECT_EQ(log.open_cursor({3, 4})->next(), std::nullopt);
  RelayLog& again = open();
  EXPECT_EQ(again.begin(), (RelayPosition{3, 4}));
  again.begin_file("bin.000001", source_);
  append_all(again);
  EXPECT_EQ(again.published_end(), (RelayPosition{3, content_.size()}));
}

TEST_F(RelayLogTest, losesNothingWhenTheFileCannotGrow) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_events(log, 0, 3);
  const RelayPosition published = log.published_end();
  {
    const test::FileSizeLimit limit(published.offset + 100);
    append_events(log, 3, events_.size(), false);
    try {
      log.flush();
      FAIL() << "the file grew beyond its limit";
    } catch (const WriteError& error) {
      EXPECT_EQ(error.code(), 1595);
      EXPECT_NE(std::string(error.what()).find("host-relay-bin-shop.000001"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("offset " + std::to_string(published.offset)), std::string::npos);
    }
    EXPECT_THROW(log.append(Bytes(1 << 20)), WriteError);
    EXPECT_EQ(log.published_end(), published);
  }
  log.flush();
  EXPECT_EQ(log.published_end().offset, content_.size());
  EXPECT_EQ(read_bytes(log.path_of(1)), content_);
  EXPECT_EQ(read_published(log, {1, 4}), without_magic());
}

TEST_F(RelayLogTest, cutsWhatAFailedWriteLeftBehind) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_events(log, 0, 3);
  const std::uint64_t end = log.write_end();
  {
    const test::FileSizeLimit limit(end + 100);
    EXPECT_THROW(log.append(Bytes(1 << 20, 7)), WriteError);
    EXPECT_THROW(log.cover_hole(end + (1 << 20), ChecksumAlgorithm::crc32, 11), WriteError);
  }
  EXPECT_EQ(log.write_end(), end);
  log.begin_file("bin.000009", source_);
  EXPECT_EQ(std::filesystem::file_size(log.path_of(1)), end);
}

TEST_F(RelayLogTest, goesOnWhenTheCatalogueCannotBeWritten) {
  RelayLog& log = open();
  catalogue_.fail_saves_ = true;
  try {
    log.begin_file("bin.000008", source_);
    FAIL() << "a file was begun that is recorded nowhere";
  } catch (const WriteError& error) {
    EXPECT_EQ(error.code(), 1595);
    EXPECT_TRUE(error.may_pass());
    EXPECT_NE(std::string(error.what()).find("disk is full"), std::string::npos);
  }
  catalogue_.fail_saves_ = false;
  log.begin_file("bin.000008", source_);
  append_events(log, 0, 1);
  catalogue_.fail_saves_ = true;
  append_events(log, 1, events_.size());
  EXPECT_EQ(log.published_end(), (RelayPosition{1, content_.size()}));
}

TEST_F(RelayLogTest, publishesNothingOfAFileWhoseFirstBoundaryCannotBeRecorded) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  log.append(events_[0].raw);
  catalogue_.fail_saves_ = true;
  EXPECT_THROW(log.mark_boundary(true), WriteError);
  EXPECT_EQ(log.published_end(), RelayPosition{}) << "a crash would make it count for nothing";
  log.discard_partial_transaction();
  EXPECT_EQ(log.write_end(), 4U);
  catalogue_.fail_saves_ = false;
  log.begin_file("bin.000008", source_);
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{1, content_.size()}));
  EXPECT_EQ(catalogue_.records_.at(1).boundary_offset, 4 + events_[0].raw.size());
}

TEST_F(RelayLogTest, keepsTheFormerFileWhenTheNextOneCannotBeOpened) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan's check of an exception's type needs a descriptor itself; the other builds run this";
#endif
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  const RelayPosition end = log.published_end();
  {
    // No descriptor is free any more.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_THROW(log.begin_file("bin.000009", source_), WriteError);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  }
  EXPECT_EQ(log.write_end(), end.offset);
  EXPECT_EQ(log.received_end().source_file_name, "bin.000008");
  log.begin_file("bin.000009", source_);
  append_all(log);
  EXPECT_EQ(log.published_end(), (RelayPosition{2, content_.size()}));
  EXPECT_EQ(log.files().size(), 2U);
}

}  // namespace
}  // namespace tributary::relay
