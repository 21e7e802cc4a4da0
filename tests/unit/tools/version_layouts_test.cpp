// Binary logs as servers write them that the tests do not run: MySQL 5.7, 8.0 and 8.4, MariaDB 10.3 to 10.6 and 11.4.
// Made here byte by byte from what those versions' sources say of the layout: how many types the description lists and
// which post-headers, which fields the GTID event ends with, which optional metadata a table map has.

#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/tools/events_command.hpp"

namespace tributary::tools {
namespace {

using binlog::ChecksumAlgorithm;
using binlog::EventHeader;
using binlog::EventType;
using testing::HasSubstr;

struct Version {
  const char* name;
  const char* server_version;
  std::size_t types;
  std::size_t gtid_fields;  ///< of MySQL: 0 up to sequence_number, 1 timestamps, 2 length, 3 versions; MariaDB: 0
  bool metadata;            ///< table maps have optional metadata
  bool positions;           ///< events inside a transaction tell where they end
};

constexpr std::uint8_t k_crc32 = 1;

/// Writes a file event by event, with checksums.
class FileBuilder {
 public:
  explicit FileBuilder(const Version& version) : version_(version), mariadb_(is_mariadb()) {
    content_.assign(std::begin(binlog::k_file_magic), std::end(binlog::k_file_magic));
    ByteWriter body;
    body.u16(4);
    const std::string_view name = version.server_version;
    body.text(name);
    body.fill(50 - name.size());
    body.u32(1700000000);
    body.u8(EventHeader::k_length);
    for (std::size_t type = 1; type <= version.types; ++type) body.u8(post_header_length(type));
    body.u8(k_crc32);
    add(EventType::format_description, body);
  }

  void add(EventType type, const ByteWriter& body, bool inside = false, std::uint16_t flags = 0) {
    ByteWriter out;
    EventHeader header;
    header.timestamp = 1700000000;
    header.type = type;
    header.server_id = 7;
    header.flags = flags;
    const std::size_t end = content_.size() + EventHeader::k_length + body.size() + binlog::k_checksum_length;
    header.log_pos = inside && !version_.positions ? 0 : static_cast<std::uint32_t>(end);
    header.encode(out);
    out.bytes(body.view());
    Bytes event = out.take();
    finish_event(event, ChecksumAlgorithm::crc32);
    content_.insert(content_.end(), event.begin(), event.end());
  }

  void gtid(std::uint64_t number) {
    ByteWriter body;
    if (mariadb_) {
      body.u64(number);
      body.u32(3);    // domain
      body.u8(0x0c);  // transactional, parallel
      body.fill(6);
      add(EventType::mariadb_gtid, body, false, 0x0008);
      return;
    }
    body.u8(0);
    body.bytes(Bytes(16, 0xab));
    body.u64(number);
    body.u8(2);
    body.u64(number - 1);
    body.u64(number);
    if (version_.gtid_fields >= 1) body.little_endian(1700000000000000, 7);
    if (version_.gtid_fields >= 2) body.lenenc(300);
    if (version_.gtid_fields >= 3) body.u32(80036);
    add(EventType::gtid, body);
  }

  void begin() {
    if (mariadb_) return;  // its GTID event stands for it
    ByteWriter body;
    body.u32(9);
    body.u32(0);
    body.u8(1);  // length of the database's name
    body.u16(0);
    body.u16(0);
    body.null_terminated_text("d");
    body.text("BEGIN");
    add(EventType::query, body, true);
  }

  /// `d`.`t` (id INT UNSIGNED NOT NULL, name VARCHAR(40))
  void table_map() {
    ByteWriter body;
    body.u48(17);
    body.u16(1);
    body.lenenc_text("d");
    body.u8(0);
    body.lenenc_text("t");
    body.u8(0);
    body.lenenc(2);
    body.u8(3);
    body.u8(15);
    body.lenenc(2);
    body.u16(160);
    body.u8(0x02);
    if (version_.metadata) {
      body.u8(1);  // SIGNEDNESS
      body.lenenc_text("\x80");
      body.u8(2);  // DEFAULT_CHARSET: utf8mb4_0900_ai_ci needs three bytes
      body.lenenc_text(std::string_view("\xfc\xff\x00", 3));
    }
    add(EventType::table_map, body, true);
  }

  void write_row() {
    ByteWriter body;
    body.u48(17);
    body.u16(1);
    if (!mariadb_) body.u16(2);  // no extra data
    body.lenenc(2);
    body.u8(0x03);
    body.u8(0x00);
    body.u32(4000000000);
    body.u8(5);
    body.text("hello");
    add(mariadb_ ? EventType::write_rows_v1 : EventType::write_rows, body, true);
  }

  void commit() {
    ByteWriter body;
    body.u64(5);
    add(EventType::xid, body);
  }

  [[nodiscard]] const Bytes& content() const { return content_; }

 private:
  [[nodiscard]] bool is_mariadb() const {
    return std::string_view(version_.server_version).find("MariaDB") != std::string_view::npos;
  }
  [[nodiscard]] std::uint8_t post_header_length(std::size_t type) const {
    switch (static_cast<EventType>(type)) {
      case EventType::query:
      case EventType::mariadb_query_compressed:
        return 13;
      case EventType::rotate:
      case EventType::table_map:
      case EventType::write_rows_v1:
      case EventType::update_rows_v1:
      case EventType::delete_rows_v1:
        return 8;
      case EventType::execute_load_query:
        return 26;
      case EventType::write_rows:
      case EventType::update_rows:
      case EventType::delete_rows:
      case EventType::partial_update_rows:
        return 10;
      case EventType::gtid:
      case EventType::anonymous_gtid:
        return mariadb_ ? 0 : 42;
      case EventType::transaction_payload:
        return 40;
      case EventType::mariadb_gtid:
        return 19;
      case EventType::mariadb_gtid_list:
        return 4;
      default:
        return 0;
    }
  }

  const Version& version_;
  bool mariadb_;
  Bytes content_;
};

class VersionLayout : public testing::TestWithParam<Version> {};

TEST_P(VersionLayout, reads) {
  const Version& version = GetParam();
  FileBuilder file(version);
  for (std::uint64_t number = 1; number <= 2; ++number) {
    file.gtid(number);
    file.begin();
    file.table_map();
    file.write_row();
    file.commit();
  }
  const std::filesystem::path path =
      testing::TempDir() + "/tributary_layout_" + version.name + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary) << as_text(file.content());
  std::string text;
  std::string complaints;
  const auto print = [&text](std::string_view piece) { text += piece; };
  const auto complain = [&complaints](std::string_view piece) { complaints += piece; };
  EXPECT_TRUE(list_events({.files = {path}, .verify = true}, print, complain)) << complaints;
  EXPECT_THAT(text, HasSubstr(" 2 transactions"));
  EXPECT_TRUE(list_events({.files = {path}, .verbose = true}, print, complain)) << complaints;
  std::filesystem::remove(path);

  EXPECT_THAT(text, HasSubstr(std::string("server ") + version.server_version + ", checksum CRC32"));
  const bool mariadb = version.types == 171;
  EXPECT_THAT(text,
              HasSubstr(mariadb ? "  3-7-2  trans" : "  abababab-abab-abab-abab-abababababab:2  last_committed=1"));
  if (version.gtid_fields >= 1) {
    EXPECT_THAT(text, HasSubstr("committed 2023-11-14 22:13:20.000000"));
  }
  if (version.gtid_fields >= 2) {
    EXPECT_THAT(text, HasSubstr(" length=300"));
  }
  if (version.gtid_fields >= 3) {
    EXPECT_THAT(text, HasSubstr("server version 8.0.36"));
  }
  // Without optional metadata nobody can tell the sign.
  EXPECT_THAT(text, HasSubstr(version.metadata ? "@1=4000000000 /* INT" : "@1=-294967296 (4000000000) /* INT"));
  EXPECT_THAT(text, HasSubstr("@2='hello' /* VARSTRING(160) meta=160 nullable=1 is_null=0 */"));
}

std::string version_name(const testing::TestParamInfo<Version>& version) {
  return version.param.name;
}

INSTANTIATE_TEST_SUITE_P(Versions, VersionLayout,
                         testing::Values(Version{"mysql_5_7", "5.7.44-log", 38, 0, false, true},
                                         Version{"mysql_8_0_1", "8.0.1-dmr-log", 38, 1, true, true},
                                         Version{"mysql_8_0_11", "8.0.11", 39, 2, true, true},
                                         Version{"mysql_8_0_20", "8.0.20", 40, 3, true, true},
                                         Version{"mysql_8_0_36", "8.0.36", 41, 3, true, true},
                                         Version{"mysql_8_4", "8.4.3", 42, 3, true, true},
                                         Version{"mariadb_10_3", "10.3.39-MariaDB-log", 171, 0, false, true},
                                         Version{"mariadb_10_4", "10.4.34-MariaDB-log", 171, 0, false, true},
                                         Version{"mariadb_10_5", "10.5.29-MariaDB-log", 171, 0, true, true},
                                         Version{"mariadb_10_6", "10.6.22-MariaDB-log", 171, 0, true, true},
                                         Version{"mariadb_11_4", "11.4.5-MariaDB-log", 171, 0, true, false}),
                         version_name);

}  // namespace
}  // namespace tributary::tools
