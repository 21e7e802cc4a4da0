#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/relay/relay_log.hpp"
#include "tributary/util/file.hpp"

#include "memory_catalogue.hpp"

namespace tributary::relay {

/// One event of a binlog file and whether the file is between transactions after it.
struct TestEvent {
  Bytes raw;
  bool boundary = false;
};

/// Splits a binlog file (with its magic) into events.
inline std::vector<TestEvent> split_events(ByteView content) {
  std::vector<TestEvent> events;
  binlog::FormatDescription description;
  binlog::TransactionBoundary boundary;
  for (std::uint64_t offset = binlog::k_first_event_offset; offset < content.size();) {
    const ByteView rest = content.subspan(offset);
    const auto header = binlog::EventHeader::decode(rest);
    const ByteView raw = rest.first(header.event_size);
    if (header.type == binlog::EventType::format_description) description = binlog::FormatDescription::decode(raw);
    boundary.feed(binlog::EventView(raw, description.checksum), description);
    events.push_back({Bytes(raw.begin(), raw.end()), boundary.at_boundary()});
    offset += header.event_size;
  }
  return events;
}

inline Bytes read_bytes(const std::filesystem::path& path) {
  const std::string content = read_file(path, std::size_t{1} << 30);
  return {content.begin(), content.end()};
}

class RelayFixture : public ::testing::Test {
 protected:
  static constexpr const char* k_binlog = TRIBUTARY_TEST_DATA "/binlogs/mariadb1011-bin.000008";

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-relay-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    content_ = read_bytes(k_binlog);
    events_ = split_events(content_);
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] RelayLogOptions options() const {
    RelayLogOptions options;
    options.directory = directory_;
    options.base_name = "host-relay-bin-shop";
    options.channel = "shop";
    return options;
  }
  RelayLog& open() {
    log_.reset();
    log_ = std::make_unique<RelayLog>(options(), catalogue_);
    return *log_;
  }
  /// Appends events [from, to) of the test binlog and marks boundaries where they are.
  void append_events(RelayLog& log, std::size_t from, std::size_t to, bool flush = true) {
    for (std::size_t at = from; at < to; ++at) {
      log.append(events_[at].raw);
      if (events_[at].boundary) log.mark_boundary(flush);
    }
  }
  void append_all(RelayLog& log) { append_events(log, 0, events_.size()); }
  /// Reads what is published from @p from on; events concatenated.
  Bytes read_published(RelayLog& log, RelayPosition from) {
    Bytes bytes;
    const auto cursor = log.open_cursor(from);
    while (const auto event = cursor->next()) bytes.insert(bytes.end(), event->raw.begin(), event->raw.end());
    return bytes;
  }
  [[nodiscard]] Bytes without_magic() const { return {content_.begin() + 4, content_.end()}; }

  std::filesystem::path directory_;
  test::MemoryCatalogue catalogue_;
  std::unique_ptr<RelayLog> log_;
  Bytes content_;                  ///< the test binlog
  std::vector<TestEvent> events_;  ///< and its events
  const SourceIdentity source_{11, ""};
};

}  // namespace tributary::relay
