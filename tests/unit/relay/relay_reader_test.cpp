#include <atomic>
#include <random>
#include <thread>

#include "relay_fixture.hpp"

namespace tributary::relay {
namespace {

class RelayReaderTest : public RelayFixture {};

TEST_F(RelayReaderTest, knowsTheDescriptionWhenItBeginsInMidFile) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  const RelayPosition second{1, 4 + events_[0].raw.size()};
  const auto cursor = log.open_cursor(second);
  EXPECT_EQ(cursor->position(), second);
  const auto event = cursor->next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(Bytes(event->raw.begin(), event->raw.end()), events_[1].raw);
  EXPECT_EQ(cursor->position(), event->end);
  EXPECT_EQ(cursor->description().checksum, binlog::ChecksumAlgorithm::crc32);
  EXPECT_TRUE(cursor->description().is_mariadb());
}

TEST_F(RelayReaderTest, namesFileAndOffsetOfDamage) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  const std::uint64_t second = 4 + events_[0].raw.size();
  File file(log.path_of(1), File::Mode::read_write);
  for (const std::uint32_t size : {0U, 18U, 0xffffffffU}) {
    Bytes length(4);
    store_little_endian(length.data(), size, 4);
    file.write_at(second + 9, length);
    const auto cursor = log.open_cursor({1, second});
    try {
      cursor->next();
      FAIL() << "an event of size " << size << " was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), 1594);
      EXPECT_NE(std::string(error.what()).find("host-relay-bin-shop.000001"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("offset " + std::to_string(second)), std::string::npos);
    }
    EXPECT_EQ(cursor->position(), (RelayPosition{1, second}));
  }
}

TEST_F(RelayReaderTest, returnsNoEventThatWasDamagedAfterItWasReceived) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_events(log, 0, 1);
  const std::uint64_t hole = log.write_end();
  log.cover_hole(hole + 200000, binlog::ChecksumAlgorithm::crc32, 11);
  log.mark_boundary(true);
  const std::uint64_t second = log.write_end();
  append_events(log, 1, events_.size());
  File file(log.path_of(1), File::Mode::read_write);
  for (const std::uint64_t at : {second + events_[1].raw.size() - 6, hole + 14, std::uint64_t{4 + 30}}) {
    Bytes byte(1);
    ASSERT_EQ(file.read_at(at, byte), 1U);
    byte[0] ^= 1U;
    file.write_at(at, byte);
    const auto cursor = log.open_cursor({});
    try {
      while (cursor->next()) continue;
      FAIL() << "byte " << at << " is damaged and nobody noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), 1594);
      EXPECT_NE(std::string(error.what()).find("host-relay-bin-shop.000001, offset"), std::string::npos);
    }
    byte[0] ^= 1U;
    file.write_at(at, byte);
  }
}

TEST_F(RelayReaderTest, refusesAPositionBeyondTheEndOfAClosedFile) {
  RelayLog& log = open();
  log.begin_file("bin.000008", source_);
  append_all(log);
  log.begin_file("bin.000009", source_);
  append_all(log);
  EXPECT_THROW(log.open_cursor({1, content_.size() + 1})->next(), Error);
  EXPECT_EQ(log.open_cursor({2, content_.size() + 1})->next(), std::nullopt) << "it may still be received";
}

TEST_F(RelayReaderTest, waitsUntilSomethingIsPublishedOrTheWaitIsStopped) {
  RelayLog& log = open();
  EXPECT_FALSE(log.wait_published({}, std::stop_token(), 1));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(log.wait_published({}, stop.get_token(), 600000));
  stopper.join();
  std::jthread writer([&] {
    log.begin_file("bin.000008", source_);
    append_all(log);
  });
  EXPECT_TRUE(log.wait_published({}, std::stop_token(), 600000));
}

TEST_F(RelayReaderTest, readersFollowAWriterThatRotatesDiscardsAndPurges) {
  static constexpr int k_files = 12;
  static constexpr int k_readers = 3;
  RelayLog& log = open();
  std::atomic<std::uint64_t> slowest_file{1};
  std::atomic<bool> failed = false;
  std::vector<std::uint64_t> bytes(k_readers, 0);
  {
    std::vector<std::jthread> readers;
    readers.reserve(k_readers);
    for (int reader = 0; reader < k_readers; ++reader) {
      readers.emplace_back([&, reader] {
        const auto cursor = log.open_cursor({1, 4});
        std::uint64_t expected_index = 0;
        while (!failed) {
          const auto event = cursor->next();
          if (!event) {
            if (cursor->position().file_number == k_files && cursor->position().offset == content_.size()) break;
            log.wait_published(cursor->position(), std::stop_token(), 1000);
            continue;
          }
          const Bytes& wanted = events_[expected_index].raw;
          expected_index = (expected_index + 1) % events_.size();
          if (!std::equal(event->raw.begin(), event->raw.end(), wanted.begin(), wanted.end())) failed = true;
          bytes[static_cast<std::size_t>(reader)] += event->raw.size();
          if (reader == 0) slowest_file = event->start.file_number;
        }
      });
    }
    std::mt19937 random(42);
    for (int number = 1; number <= k_files && !failed; ++number) {
      log.begin_file("bin." + std::to_string(number), source_);
      for (std::size_t at = 0; at < events_.size(); ++at) {
        log.append(events_[at].raw);
        if (events_[at].boundary) log.mark_boundary(random() % 3 == 0);
        if (!events_[at].boundary && random() % 50 == 0) {
          log.discard_partial_transaction();
          while (at > 0 && !events_[at - 1].boundary) --at;
          --at;  // the loop goes on with the first event of the transaction
        }
      }
      static_cast<void>(log.total_bytes());
      static_cast<void>(log.received_end());
    }
    log.flush();
  }
  EXPECT_FALSE(failed);
  for (const std::uint64_t read : bytes) EXPECT_EQ(read, k_files * (content_.size() - 4));
  log.purge_before(slowest_file);
  EXPECT_EQ(log.begin().file_number, slowest_file);
}

TEST_F(RelayReaderTest, readersGoOnWhileFilesArePurgedBehindThem) {
  RelayLog& log = open();
  static constexpr std::uint64_t k_files = 20;
  std::jthread writer([&] {
    for (std::uint64_t number = 1; number <= k_files; ++number) {
      log.begin_file("bin." + std::to_string(number), source_);
      append_events(log, 0, events_.size(), false);
    }
    log.flush();
  });
  const auto cursor = log.open_cursor({1, 4});
  std::uint64_t read = 0;
  std::uint64_t purged = 1;
  while (read < k_files * (content_.size() - 4)) {
    if (const auto event = cursor->next()) {
      read += event->raw.size();
      if (event->start.file_number > purged) log.purge_before(purged = event->start.file_number);
    } else {
      log.wait_published(cursor->position(), std::stop_token(), 1000);
    }
  }
  writer.join();
  EXPECT_EQ(log.begin().file_number, k_files);
}

}  // namespace
}  // namespace tributary::relay
