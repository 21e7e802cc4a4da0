#pragma once

#include <string>
#include <string_view>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::tools {

struct EventText {
  std::string summary;  ///< one line, without its end
  std::string details;  ///< lines that begin with '#'
  std::string gtid;     ///< of the transaction that the event begins
};

/// An event that can be read without another one: all but TABLE_MAP, row events and TRANSACTION_PAYLOAD, of which only
/// the size is told. Throws Error 1610 when it is damaged. No details without @p verbose.
EventText event_text(const binlog::EventView& event, const binlog::FormatDescription& description, bool verbose);

/// The beginning of a statement, in one line.
std::string excerpt(std::string_view statement);
/// All of a statement, each line behind @p prefix.
std::string whole_statement(std::string_view statement, std::string_view prefix);

/// "2024-06-10 06:13:20", UTC.
std::string time_text(std::uint64_t seconds);

}  // namespace tributary::tools
