#include "tributary/tools/events_command.hpp"

#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tributary/tools/event_file.hpp"
#include "tributary/util/crc32.hpp"

namespace tributary::tools {
namespace {

using binlog::EventType;
using testing::HasSubstr;
using testing::StartsWith;

class EventsCommand : public testing::Test {
 protected:
  EventsCommand() : path_(testing::TempDir() + "/tributary_events_" + std::to_string(::getpid())) {}
  ~EventsCommand() override { std::filesystem::remove(path_); }

  /// Takes a golden file, changed by @p change.
  template <typename Change>
  void take(const std::string& name, Change&& change) {
    content_ = read_file(std::filesystem::path(TRIBUTARY_TEST_DATA) / "binlogs" / name);
    change(content_);
    std::ofstream(path_, std::ios::binary) << content_;
  }
  void take(const std::string& name) {
    take(name, [](std::string&) {});
  }

  /// Where the first event of @p type begins.
  std::uint64_t find(EventType type) {
    EventFile file(path_);
    while (const auto event = file.next()) {
      if (event->type() == type) return file.offset();
    }
    ADD_FAILURE() << "no " << event_type_name(type) << " event";
    return 0;
  }

  bool run(EventsOptions options = {}) {
    options.files = {path_};
    printed_.clear();
    complaints_.clear();
    return list_events(
        options, [this](std::string_view text) { printed_ += text; },
        [this](std::string_view text) { complaints_ += text; });
  }
  [[nodiscard]] std::size_t lines() const {
    return static_cast<std::size_t>(std::count(printed_.begin(), printed_.end(), '\n'));
  }

  std::filesystem::path path_;
  std::string content_;
  std::string printed_;
  std::string complaints_;
};

/// The checksum of the event at @p at made right again.
void mend_checksum(std::string& content, std::size_t at) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(content.data()) + at;
  const auto size = static_cast<std::size_t>(load_little_endian(bytes + 9, 4));
  store_little_endian(bytes + size - 4, crc32(ByteView(bytes, size - 4)), 4);
}

TEST_F(EventsCommand, printsALineForEachEvent) {
  take("mariadb-10.11/stop.binlog");
  EXPECT_TRUE(run());
  EXPECT_EQ(lines(), 11U);
  EXPECT_THAT(printed_, StartsWith("         4  "));
  EXPECT_THAT(printed_, HasSubstr("Stop"));
  EXPECT_EQ(complaints_, "");
}

TEST_F(EventsCommand, printsAPartOfAFile) {
  take("mysql-9.7/xa.binlog");
  EXPECT_TRUE(run({.start_position = 158, .stop_position = 400}));
  EXPECT_EQ(lines(), 3U);
  EXPECT_THAT(printed_, StartsWith("       158  "));
  EXPECT_TRUE(run({.start_position = 235, .stop_position = 236}));
  EXPECT_THAT(printed_, HasSubstr("00112233-4455-6677-8899-aabbccddeeff:1  [binlogs] CREATE TABLE"));
  EXPECT_FALSE(run({.start_position = 159}));
  EXPECT_THAT(complaints_, HasSubstr("no event begins at 159: the next one begins at 235"));
  EXPECT_FALSE(run({.start_position = 1000000}));
  EXPECT_THAT(complaints_, HasSubstr("the file ends at 1967"));
}

TEST_F(EventsCommand, showsRowsFromTheMiddleOfATransaction) {
  take("mariadb-10.11/rows.binlog");
  EXPECT_TRUE(run({.verbose = true, .start_position = find(EventType::write_rows_v1)}));
  EXPECT_THAT(printed_, HasSubstr("### INSERT INTO `binlogs`.`t`\n### SET\n###   @1=1 /* INT meta=0"));
}

TEST_F(EventsCommand, tellsAWrongChecksumAndGoesOn) {
  take("mariadb-10.11/rows.binlog");
  const std::uint64_t at = find(EventType::xid);
  take("mariadb-10.11/rows.binlog", [at](std::string& content) { content[at + 19] ^= 1; });
  EXPECT_FALSE(run());
  EXPECT_EQ(lines(), 48U);
  EXPECT_EQ(complaints_,
            fmt::format("{}: at {}: the CRC32 of the Xid event is not that of its content\n", path_.string(), at));
  EXPECT_FALSE(run({.verify = true}));
  EXPECT_THAT(complaints_, HasSubstr(fmt::format("at {}: the CRC32", at)));
  EXPECT_EQ(printed_, "");
}

TEST_F(EventsCommand, tellsADamagedEventAndGoesOn) {
  take("mariadb-10.11/rows.binlog");
  const std::uint64_t at = find(EventType::table_map);
  take("mariadb-10.11/rows.binlog", [at](std::string& content) {
    content[at + 19 + 8] = 100;  // the length of the database's name
    mend_checksum(content, at);
  });
  EXPECT_FALSE(run());
  EXPECT_EQ(lines(), 48U);
  EXPECT_THAT(complaints_, HasSubstr(fmt::format("at {}: ", at)));
  EXPECT_THAT(complaints_, HasSubstr("table map that it needs"));
  EXPECT_FALSE(run({.verify = true}));
  EXPECT_EQ(std::count(complaints_.begin(), complaints_.end(), '\n'), 1);
}

TEST_F(EventsCommand, tellsDamageInPartialUpdates) {
  static constexpr std::size_t k_table_id = 19;
  static constexpr std::size_t k_column_count = k_table_id + 6 + 2 + 2;  // behind flags and empty extra data
  for (const std::size_t damaged : {k_table_id, k_column_count}) {
    take("mysql-9.7/partial_json.binlog");
    const std::uint64_t at = find(EventType::partial_update_rows);
    take("mysql-9.7/partial_json.binlog", [&](std::string& content) {
      ++content[at + damaged];
      mend_checksum(content, at);
    });
    for (const bool verify : {false, true}) {
      EXPECT_FALSE(run({.verify = verify}));
      EXPECT_THAT(complaints_, HasSubstr(damaged == k_table_id ? "table map that it needs" : "number of columns"));
    }
  }
}

TEST_F(EventsCommand, verifiesPositions) {
  take("mysql-9.7/rows.binlog");
  const std::uint64_t at = find(EventType::xid);
  take("mysql-9.7/rows.binlog", [at](std::string& content) {
    content[at + 13] ^= 1;
    mend_checksum(content, at);
  });
  EXPECT_TRUE(run());
  EXPECT_FALSE(run({.verify = true}));
  EXPECT_THAT(complaints_, HasSubstr(fmt::format("at {}: the Xid event ends at {}", at, at + 31)));
}

TEST_F(EventsCommand, verifiesThatTransactionsAreWhole) {
  take("mysql-9.7/rows.binlog");
  const std::uint64_t end = find(EventType::xid);
  take("mysql-9.7/rows.binlog", [end](std::string& content) { content.resize(end); });
  EXPECT_FALSE(run({.verify = true}));
  EXPECT_THAT(complaints_, HasSubstr("the file ends inside the transaction that begins at"));
  // Where its server still writes, the rest may come.
  take("mysql-9.7/rows.binlog", [end](std::string& content) {
    content.resize(end);
    content[4 + 17] |= 1;
  });
  EXPECT_TRUE(run({.verify = true}));
  EXPECT_THAT(printed_, HasSubstr("is not whole yet"));
}

TEST_F(EventsCommand, goesOnWithTheNextFile) {
  take("mysql-9.7/rows.binlog");
  std::string printed;
  std::string complaints;
  EXPECT_FALSE(list_events(
      {.files = {"/nonexistent", path_}}, [&](std::string_view text) { printed += text; },
      [&](std::string_view text) { complaints += text; }));
  EXPECT_THAT(complaints, HasSubstr("/nonexistent"));
  EXPECT_THAT(printed, HasSubstr("Rotate"));
}

}  // namespace
}  // namespace tributary::tools
