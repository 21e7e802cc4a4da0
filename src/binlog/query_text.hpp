#pragma once

#include <string_view>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// The statement of a QUERY or EXECUTE_LOAD_QUERY event (of a compressed one: its compressed block), without decoding
/// the status variables. Throws Error 1610.
std::string_view query_text(const EventView& event, const FormatDescription& description);

/// True when @p query is @p words (upper case), in any case, perhaps with a ';' and blanks after it.
bool is_statement(std::string_view query, std::string_view words);
/// True when @p query begins with @p words and a blank.
bool starts_with_statement(std::string_view query, std::string_view words);

}  // namespace tributary::binlog
