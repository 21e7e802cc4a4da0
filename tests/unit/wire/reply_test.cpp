#include "tributary/wire/reply.hpp"

#include <gtest/gtest.h>

#include "tributary/wire/protocol.hpp"

#include "bytes_of.hpp"

namespace tributary::wire {
namespace {

using std::string_view_literals::operator""sv;

ReplyContext classic() {
  return {capability::k_protocol_41, server_status::k_autocommit, 0};
}
ReplyContext deprecate_eof() {
  return {capability::k_protocol_41 | capability::k_deprecate_eof, server_status::k_autocommit, 0};
}

Bytes framed(std::uint8_t first_sequence, const std::vector<Bytes>& payloads) {
  PacketWriter writer(first_sequence);
  for (const Bytes& payload : payloads) writer.add(payload);
  return writer.take();
}

TEST(Ok, carriesCountsStatusAndInfo) {
  EXPECT_EQ(encode_ok({}, classic()), bytes_of("\0\0\0\x02\0\0\0"sv));
  ReplyContext context = classic();
  context.status |= server_status::k_more_results;
  context.warnings = 3;
  EXPECT_EQ(encode_ok({300, "Records: 1"}, context), bytes_of("\0\xfc\x2c\x01\0\x0a\0\x03\0\x0aRecords: 1"sv));
}

TEST(EndOfRows, isEofOrTheOkThatTakesItsPlace) {
  ReplyContext context = classic();
  context.warnings = 1;
  EXPECT_EQ(encode_end_of_rows(context), bytes_of("\xfe\x01\0\x02\0"sv));
  EXPECT_EQ(encode_end_of_rows(deprecate_eof()), bytes_of("\xfe\0\0\x02\0\0\0"sv));
}

// wire-protocol.md 13: access denied by MySQL 9.7 starts ff 15 04 "#28000".
TEST(ErrorPacket, carriesNumberStateAndText) {
  const Error denied(1045, "28000", "Access denied");
  EXPECT_EQ(encode_error(denied, capability::k_protocol_41), bytes_of("\xff\x15\x04#28000Access denied"sv));
  EXPECT_EQ(encode_error(denied, 0), bytes_of("\xff\x15\x04"
                                              "Access denied"sv));
  EXPECT_EQ(encode_error(Error(1105, "bad", "x"), capability::k_protocol_41), bytes_of("\xff\x51\x04#HY000x"sv));
}

TEST(ErrorPacket, cutsALongTextBetweenCharacters) {
  const std::string text = std::string(4095, 'x') + "ü" + std::string(1000, 'x');
  EXPECT_EQ(encode_error(Error(1105, text), 0), bytes_of("\xff\x51\x04" + std::string(4095, 'x')));
}

// wire-protocol.md 3.2: SELECT 1 AS a, but for the flag NOT_NULL, which is not claimed here.
TEST(ColumnDefinition, hasTheBytesOfARealServer) {
  EXPECT_EQ(encode_column({"a", ColumnType::long_int, 1, false}),
            bytes_of("\x03"
                     "def\0\0\0\x01"
                     "a\0\x0c\x3f\0\x01\0\0\0\x03\x80\0\0\0\0"sv));
}

TEST(ColumnDefinition, textIsUtf8WithLengthInBytes) {
  EXPECT_EQ(encode_column({"t", ColumnType::var_string, 64, false}),
            bytes_of("\x03"
                     "def\0\0\0\x01t\0\x0c\x2d\0\0\x01\0\0\xfd\0\0\0\0\0"sv));
  EXPECT_EQ(encode_column({"t", ColumnType::var_string, 0xffffffff, false}).size(), 23U);
}

TEST(ColumnDefinition, flagsUnsigned) {
  EXPECT_EQ(encode_column({"u", ColumnType::longlong, 21, true}),
            bytes_of("\x03"
                     "def\0\0\0\x01u\0\x0c\x3f\0\x15\0\0\0\x08\xa0\0\0\0\0"sv));
}

ResultSet two_rows() {
  return {{{"a", ColumnType::long_int, 1, false}, {"b", ColumnType::var_string, 4, false}},
          {{"1", std::nullopt}, {std::nullopt, ""}}};
}

TEST(ResultSetPackets, classic) {
  const ResultSet result = two_rows();
  PacketWriter writer(1);
  write_result_set(writer, result, classic());
  EXPECT_EQ(writer.take(), framed(1, {bytes_of("\x02"), encode_column(result.columns[0]),
                                      encode_column(result.columns[1]), bytes_of("\xfe\0\0\x02\0"sv),
                                      bytes_of("\x01"
                                               "1\xfb"),
                                      bytes_of("\xfb\0"sv), bytes_of("\xfe\0\0\x02\0"sv)}));
}

TEST(ResultSetPackets, withoutEof) {
  const ResultSet result = two_rows();
  PacketWriter writer(1);
  write_result_set(writer, result, deprecate_eof());
  EXPECT_EQ(writer.take(),
            framed(1, {bytes_of("\x02"), encode_column(result.columns[0]), encode_column(result.columns[1]),
                       bytes_of("\x01"
                                "1\xfb"),
                       bytes_of("\xfb\0"sv), bytes_of("\xfe\0\0\x02\0\0\0"sv)}));
}

TEST(ResultSetPackets, manyPacketsWrapTheSequence) {
  ResultSet result{{{"a", ColumnType::long_int, 1, false}}, {}};
  result.rows.assign(600, {"7"});
  PacketWriter writer(1);
  write_result_set(writer, result, deprecate_eof());
  EXPECT_EQ(writer.sequence(), static_cast<std::uint8_t>(1 + 1 + 1 + 600 + 1));
  PacketReader reader(1000);
  reader.expect_sequence(1);
  reader.feed(writer.view());
  int packets = 0;
  while (reader.next()) ++packets;
  EXPECT_EQ(packets, 603);
}

TEST(ResultSetPackets, refusesWhatAClientWouldMisread) {
  PacketWriter writer;
  EXPECT_THROW(write_result_set(writer, {}, classic()), Error);
  EXPECT_THROW(write_result_set(writer, {{{"a"}}, {{"1", "2"}}}, classic()), Error);
}

TEST(Result, isOkOrRows) {
  PacketWriter ok(1);
  write_result(ok, OkResult{}, classic());
  EXPECT_EQ(ok.take(), framed(1, {bytes_of("\0\0\0\x02\0\0\0"sv)}));
  PacketWriter rows(1);
  write_result(rows, two_rows(), classic());
  EXPECT_EQ(rows.sequence(), 8);
}

}  // namespace
}  // namespace tributary::wire
