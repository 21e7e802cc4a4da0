#include "query_text.hpp"

#include <cctype>

namespace tributary::binlog {

std::string_view query_text(const EventView& event, const FormatDescription& description) {
  ByteReader reader(event.body());
  ByteReader post_header(reader.bytes(description.post_header_length(event.type())));
  post_header.skip(8);  // thread id, execution time
  const std::size_t database_length = post_header.u8();
  post_header.skip(2);             // error code
  reader.skip(post_header.u16());  // status variables
  reader.skip(database_length + 1);
  return as_text(reader.rest());
}

bool is_statement(std::string_view query, std::string_view words) {
  std::size_t at = 0;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  for (const char wanted : words) {
    if (at == query.size() || std::toupper(static_cast<unsigned char>(query[at])) != wanted) return false;
    ++at;
  }
  while (at < query.size() && (is_blank(query[at]) || query[at] == ';')) ++at;
  return at == query.size();
}

bool starts_with_statement(std::string_view query, std::string_view words) {
  return query.size() > words.size() && query[words.size()] == ' ' &&
         is_statement(query.substr(0, words.size()), words);
}

}  // namespace tributary::binlog
