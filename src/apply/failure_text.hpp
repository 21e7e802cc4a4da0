#pragma once

#include <string>
#include <string_view>

#include "work.hpp"

namespace tributary::apply {

/// "transaction 0-1-42 at binlog.000003:1234, end position 1500": where an error happened, in the source's terms.
std::string place_text(const TransactionStart& transaction, const EventPlace& place);
/// The same for a transaction as a whole.
std::string place_text(const TransactionStart& transaction);

/// The first characters of a statement as UTF-8, for messages; nothing from where it may name a password.
std::string statement_excerpt(std::string_view statement);

/// A server's @p message about @p statement: what it quotes of one that may name a password is left out.
std::string message_without_password(std::string_view statement, std::string_view message);

/// "Error '…' (1146) on query. Default database: '…'. Query: '…'; transaction …", after the server's own text.
std::string statement_failure_text(const SourceStatement& statement, std::uint16_t code, std::string_view message);

/// "Could not execute Write_rows event on table shop.orders; … (1062); row (…); transaction …". @p row may be ''; @p
/// table is '' where the event is only the last of those that may have failed.
std::string rows_failure_text(const EventPlace& place, const TransactionStart& transaction, std::string_view table,
                              std::uint16_t code, std::string_view message, std::string_view row);

}  // namespace tributary::apply
