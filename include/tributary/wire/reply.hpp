#pragma once

#include <cstdint>

#include "tributary/util/bytes.hpp"
#include "tributary/util/error.hpp"
#include "tributary/wire/packet.hpp"
#include "tributary/wire/statement.hpp"

namespace tributary::wire {

/// What the packets of a reply depend on besides their content.
struct ReplyContext {
  std::uint32_t capabilities = 0;  ///< agreed between client and server
  std::uint16_t status = 0;        ///< server_status bits
  std::uint16_t warnings = 0;
};

Bytes encode_ok(const OkResult& result, const ReplyContext& context);
/// The end of a list of definitions or rows: EOF, or with DEPRECATE_EOF the OK packet that takes its place.
Bytes encode_end_of_rows(const ReplyContext& context);
/// @p capabilities 0 before they are agreed: the packet then has no SQLSTATE.
Bytes encode_error(const Error& error, std::uint32_t capabilities);

/// Protocol::ColumnDefinition41.
Bytes encode_column(const Column& column);

/// A whole text result set. No columns, or a row whose number of values differs from theirs, is Error 1105.
void write_result_set(PacketWriter& packets, const ResultSet& result, const ReplyContext& context);
/// OK packet or result set.
void write_result(PacketWriter& packets, const StatementResult& result, const ReplyContext& context);

}  // namespace tributary::wire
