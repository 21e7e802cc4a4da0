#pragma once

#include <string>
#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// MySQL's binary JSON, the content of a JSON column in a row image: a type byte, then the value
/// (sql-common/json_binary.h). A document of no bytes stands for JSON null. All functions check every offset and length
/// in a document: one that is damaged, or nested deeper than the server allows (100), throws Error 1610.

/// Appends the text of @p document in UTF-8 as MySQL's own CAST(… AS CHAR) writes it (Json_wrapper::to_string,
/// sql-common/json_dom.cc): ", " and ": " between parts, object members by length and then bytes of their keys, the
/// shortest digits that read back as the same double. Temporal values and bytes become strings there.
void append_json_text(ByteView document, std::string& text);

/// Whether @p document holds values of types that JSON does not have (a DECIMAL, a date, bytes): its text does not tell
/// them.
bool json_has_sql_types(ByteView document);

/// The binary form of a JSON text, as MySQL makes it: integers exact up to 64 bits, the last of members with the same
/// key counts. @throws Error 3140 (ER_INVALID_JSON_TEXT) with the place, 3157 when it is nested too deep, 3151 for a
/// key of more than 65535 bytes.
Bytes json_from_text(std::string_view text);

/// @p document after the changes of a PARTIAL_UPDATE_ROWS event: @p diffs is the value of one column there, without its
/// length; without a byte it changes nothing. @throws Error 1610 when it is damaged or names a place that the document
/// does not have.
Bytes apply_json_diffs(ByteView document, ByteView diffs);

}  // namespace tributary::binlog
