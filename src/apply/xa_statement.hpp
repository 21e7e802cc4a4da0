#pragma once

#include <optional>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"
#include "tributary/binlog/control_events.hpp"

namespace tributary::apply {

/// An XA statement as servers write it into the binary log: XA COMMIT X'6162',X'',1
struct XaStatement {
  enum class Verb { start, end, commit, rollback };
  Verb verb = Verb::start;
  binlog::XaId xid;
};

/// nullopt for any other text, and for an xid that is not written as servers do: X'hex' or 0xhex, the format decimal.
std::optional<XaStatement> parse_xa_statement(std::string_view text, const SqlDialect& dialect);

}  // namespace tributary::apply
