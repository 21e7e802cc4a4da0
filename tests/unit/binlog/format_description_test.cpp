#include "tributary/binlog/format_description.hpp"

#include <gtest/gtest.h>

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

FormatDescription description_of(const std::string& file) {
  FormatDescription result;
  for_each_event(binlog_file(file),
                 [&](const EventView&, const FormatDescription& description, std::uint64_t) { result = description; });
  return result;
}

TEST(FormatDescription, readsEachServersOwn) {
  const FormatDescription mysql56 = description_of("mysql56-bin.000004");
  EXPECT_EQ(mysql56.server_version, "5.6.24-log");
  EXPECT_FALSE(mysql56.is_mariadb());
  EXPECT_EQ(mysql56.checksum, ChecksumAlgorithm::crc32);
  EXPECT_EQ(mysql56.post_header_lengths.size(), 35U);
  EXPECT_EQ(mysql56.post_header_length(EventType::gtid), 25U);
  EXPECT_EQ(mysql56.post_header_length(EventType::write_rows), 10U);

  const FormatDescription mysql97 = description_of("mysql97-bin.000011");
  EXPECT_EQ(mysql97.server_version.substr(0, 4), "9.7.");
  EXPECT_EQ(mysql97.post_header_lengths.size(), 42U);
  EXPECT_EQ(mysql97.post_header_length(EventType::transaction_payload), 0U) << "not the 40 that it announces";
  EXPECT_EQ(mysql97.post_header_length(EventType::write_rows_v1), 8U) << "not the 0 that it announces";
  EXPECT_EQ(mysql97.post_header_length(static_cast<EventType>(200)), 0U);

  const FormatDescription mariadb = description_of("mariadb1011-bin.000006");
  EXPECT_EQ(mariadb.server_version.substr(0, 9), "10.11.19-");
  EXPECT_TRUE(mariadb.is_mariadb());
  EXPECT_EQ(mariadb.post_header_lengths.size(), 171U);
  EXPECT_EQ(mariadb.post_header_length(EventType::mariadb_gtid), 19U);
}

TEST(FormatDescription, encodesWhatItDecoded) {
  for (const auto& file : binlog_files()) {
    for_each_event(file, [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
      if (event.type() != EventType::format_description) return;
      const Bytes encoded = description.encode(event.header().server_id, event.header().timestamp);
      ASSERT_EQ(encoded.size(), event.raw().size()) << file;
      // Only the position differs, and so the checksum.
      EXPECT_EQ(to_hex(ByteView(encoded).first(13)), to_hex(event.raw().first(13))) << file;
      EXPECT_EQ(to_hex(ByteView(encoded).subspan(19, encoded.size() - 23)),
                to_hex(event.raw().subspan(19, encoded.size() - 23)))
          << file;
      EXPECT_TRUE(EventView(encoded, ChecksumAlgorithm::crc32).checksum_matches()) << file;
      EXPECT_EQ(EventHeader::decode(encoded).log_pos, 0U);
    });
  }
}

TEST(FormatDescription, isOneOfMariadbForStatements) {
  const FormatDescription real = description_of("mariadb1011-bin.000006");
  const FormatDescription ours = FormatDescription::mariadb(real.server_version);
  EXPECT_EQ(ours.post_header_lengths, real.post_header_lengths);
  EXPECT_EQ(ours.checksum, ChecksumAlgorithm::off);
  const FormatDescription read = FormatDescription::decode(ours.encode(7, 0));
  EXPECT_EQ(read.server_version, real.server_version);
  EXPECT_EQ(read.checksum, ChecksumAlgorithm::off);
}

TEST(FormatDescription, isOneOfMysqlForStatements) {
  const FormatDescription real = description_of("mysql97-bin.000011");
  const FormatDescription ours = FormatDescription::of_server(real.server_version);
  EXPECT_EQ(ours.post_header_lengths, real.post_header_lengths);
  EXPECT_EQ(ours.checksum, ChecksumAlgorithm::off);
  EXPECT_EQ(FormatDescription::of_server("11.8.6-MariaDB").post_header_lengths,
            FormatDescription::mariadb("11.8.6-MariaDB").post_header_lengths);
}

TEST(FormatDescription, readsServersWithoutChecksums) {
  FormatDescription old;
  old.server_version = "5.5.62-log";
  old.post_header_lengths.assign(27, 1);
  const Bytes encoded = old.encode(1, 1);
  EXPECT_EQ(encoded.size(), 19U + 57 + 27);
  EXPECT_EQ(FormatDescription::decode(encoded).post_header_lengths.size(), 27U);
}

TEST(FormatDescription, refusesWhatIsNotVersion4) {
  const Bytes good = FormatDescription::mariadb("10.11.6-MariaDB").encode(1, 1);
  const auto with = [&good](std::size_t offset, std::uint8_t value) {
    Bytes changed = good;
    changed[offset] = value;
    return error_of([&] { FormatDescription::decode(changed); });
  };
  EXPECT_EQ(with(19, 4), 0);
  EXPECT_EQ(with(19, 3), 1610);
  EXPECT_EQ(with(19 + 56, 27), 1610) << "longer event headers";
  EXPECT_EQ(with(good.size() - 5, 2), 1610) << "unknown checksum algorithm";
  EXPECT_EQ(with(4, 2), 1610) << "a query";
  FormatDescription long_list = FormatDescription::decode(good);
  long_list.post_header_lengths.resize(255);
  EXPECT_EQ(FormatDescription::decode(long_list.encode(1, 1)).post_header_lengths.size(), 255U);
  long_list.post_header_lengths.resize(256);
  EXPECT_EQ(error_of([&] { FormatDescription::decode(long_list.encode(1, 1)); }), 1610) << "more types than there are";
  EXPECT_EQ(error_of([&] { FormatDescription::decode(make_event(EventType::format_description, from_hex("0400"))); }),
            1610);
}

}  // namespace
}  // namespace tributary::binlog
