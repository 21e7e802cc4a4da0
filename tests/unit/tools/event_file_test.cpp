#include "tributary/tools/event_file.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tributary/binlog/control_events.hpp"
#include "tributary/util/error.hpp"

namespace tributary::tools {
namespace {

using binlog::ChecksumAlgorithm;
using binlog::EventHeader;
using binlog::EventType;
using testing::HasSubstr;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(TRIBUTARY_TEST_DATA) / "binlogs" / name;
}

class EventFileTest : public testing::Test {
 protected:
  EventFileTest() : path_(testing::TempDir() + "/tributary_event_file_" + std::to_string(::getpid())) {}
  ~EventFileTest() override { std::filesystem::remove(path_); }

  void write(std::string_view content) { std::ofstream(path_, std::ios::binary) << content; }

  /// Reads to the end; what was thrown, with the position.
  std::string failure() {
    std::uint64_t offset = 0;
    try {
      EventFile file(path_);
      const auto read = [&] {
        const bool more = file.next().has_value();
        return more;
      };
      try {
        while (read()) ++events_;
      } catch (const Error&) {
        offset = file.offset();
        throw;
      }
    } catch (const Error& error) {
      return std::to_string(offset) + ": " + error.what();
    }
    return "";
  }

  std::filesystem::path path_;
  int events_ = 0;
};

TEST_F(EventFileTest, readsWholeFiles) {
  write(read_file(golden("mariadb-10.11/stop.binlog")));
  EXPECT_EQ(failure(), "");
  EXPECT_EQ(events_, 11);
}

TEST_F(EventFileTest, refusesWhatIsNoBinaryLog) {
  write("");
  EXPECT_THAT(failure(), HasSubstr("fewer than 4 bytes"));
  write("SQLite format 3");
  EXPECT_THAT(failure(), HasSubstr("no binary log"));
  write(
      "\xfd"
      "bin and 512 bytes");
  EXPECT_THAT(failure(), HasSubstr("encrypted by MySQL"));
  path_ = testing::TempDir();
  EXPECT_THAT(failure(), HasSubstr("directory"));
  path_ = "/nonexistent";
  EXPECT_THROW(failure(), std::system_error);
}

TEST_F(EventFileTest, tellsWhereAFileIsCutOff) {
  const std::string whole = read_file(golden("mariadb-10.11/stop.binlog"));
  write(whole.substr(0, whole.size() - 1));
  EXPECT_EQ(failure(), "766: the file ends inside a Stop event: 22 of its 23 bytes are there");
  write(whole.substr(0, 770));
  EXPECT_EQ(failure(), "766: the file ends inside an event's header, of which 4 bytes are there");
}

TEST_F(EventFileTest, doesNotBelieveSizes) {
  std::string whole = read_file(golden("mariadb-10.11/stop.binlog"));
  store_little_endian(reinterpret_cast<std::uint8_t*>(whole.data()) + 766 + 9, UINT32_MAX, 4);
  write(whole);
  EXPECT_THAT(failure(), HasSubstr("766: the file ends inside a Stop event: 23 of its 4294967295 bytes"));
  store_little_endian(reinterpret_cast<std::uint8_t*>(whole.data()) + 766 + 9, 18, 4);
  write(whole);
  EXPECT_THAT(failure(), HasSubstr("smaller than the header"));
}

TEST_F(EventFileTest, refusesAFileThatBeginsWithoutADescription) {
  const std::string whole = read_file(golden("mariadb-10.11/stop.binlog"));
  write(whole.substr(0, 4) + whole.substr(766));
  EXPECT_THAT(failure(), HasSubstr("4: the file begins with a Stop event"));
}

TEST_F(EventFileTest, saysThatTheRestIsEncrypted) {
  std::string whole = read_file(golden("mariadb-10.11/from_encrypting_source.binlog"));
  EXPECT_EQ((write(whole), failure()), "");  // sent to a replica: marked as ignorable, and the rest decrypted
  EventFile file(path_);
  std::uint64_t at = 0;
  while (const auto event = file.next()) {
    if (event->type() == EventType::mariadb_start_encryption) at = file.offset();
  }
  ASSERT_NE(at, 0U);
  whole[at + 17] = static_cast<char>(whole[at + 17] & ~0x80);
  write(whole);
  EXPECT_THAT(failure(), HasSubstr("encrypted by MariaDB"));
}

TEST_F(EventFileTest, needsNoMoreMemoryThanOneEvent) {
  // Many events larger than the buffer's step, of different sizes, so that they lie across its end.
  Bytes content(std::begin(binlog::k_file_magic), std::end(binlog::k_file_magic));
  const auto add = [&content](const Bytes& event) { content.insert(content.end(), event.begin(), event.end()); };
  add(binlog::FormatDescription::mariadb("10.11.6-MariaDB-log").encode(1, 0));
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 40; ++i) {
    ByteWriter out;
    EventHeader header;
    header.type = EventType::mariadb_annotate_rows;
    header.encode(out);
    out.fill(i * 30011 % 700000, static_cast<std::uint8_t>(i));
    Bytes event = out.take();
    finish_event(event, ChecksumAlgorithm::off);
    sizes.push_back(event.size());
    add(event);
  }
  write(as_text(content));
  EventFile file(path_);
  ASSERT_EQ(file.next()->type(), EventType::format_description);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto event = file.next();
    ASSERT_TRUE(event);
    ASSERT_EQ(event->raw().size(), sizes[i]);
    for (const std::uint8_t byte : event->body()) ASSERT_EQ(byte, i);
  }
  EXPECT_FALSE(file.next());
}

}  // namespace
}  // namespace tributary::tools
