#include "failure_text.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/core.h>

#include "tributary/util/utf8.hpp"

#include "vendor_words.hpp"
#include "word_search.hpp"

namespace tributary::apply {
namespace {

constexpr std::size_t k_excerpt_bytes = 200;

std::string transaction_text(const TransactionStart& transaction) {
  return transaction.gtid.empty() ? std::string("transaction") : "transaction " + transaction.gtid;
}

/// Bytes of @p statement in front of what may be a password. By the bytes alone, whatever these are to a server: hidden
/// rather too often than once too rarely.
std::size_t bytes_without_password(std::string_view statement) {
  std::size_t first = statement.size();
  for (const std::string_view word : {"identified", "password"}) {
    const std::size_t at = find_word(statement, word);
    if (at != std::string_view::npos) first = std::min(first, at + word.size());
  }
  return first;
}

/// Bytes of "WITH plugin" or "VIA plugin" with which @p text, what stands behind IDENTIFIED, begins; 0: it does not.
std::size_t plugin_length(std::string_view text) {
  const auto skip = [text](std::size_t at, auto belongs) {
    while (at < text.size() && belongs(static_cast<unsigned char>(text[at]))) ++at;
    return at;
  };
  const auto is_blank = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto is_quote = [](unsigned char c) { return c == '\'' || c == '"' || c == '`'; };
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  const std::size_t begin = skip(0, is_blank);
  const std::size_t end = skip(begin, is_word);
  std::string word(text.substr(begin, end - begin));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::toupper(c); });
  if (word != "WITH" && word != "VIA") return 0;
  return skip(skip(skip(skip(end, is_blank), is_quote), is_word), is_quote);
}

}  // namespace

std::string place_text(const TransactionStart& transaction, const EventPlace& place) {
  if (!place.source_file.empty()) {
    return fmt::format("{}, event at {}:{}, end position {}", place_text(transaction), place.source_file,
                       place.start.offset, place.end.offset);
  }
  return fmt::format("{} at {}:{}, end position {}", transaction_text(transaction), transaction.source_file,
                     place.start.offset, place.end.offset);
}

std::string place_text(const TransactionStart& transaction) {
  return fmt::format("{} at {}:{}", transaction_text(transaction), transaction.source_file, transaction.begin.offset);
}

std::string statement_excerpt(std::string_view statement) {
  const std::size_t visible = bytes_without_password(statement);
  std::string text;
  std::string_view rest = statement.substr(0, visible);
  while (!rest.empty() && text.size() < k_excerpt_bytes) {
    const std::size_t length = utf8_character_length(rest);
    if (length == 0) {
      text += '?';
    } else if (rest.front() == '\n' || rest.front() == '\r' || rest.front() == '\t') {
      text += ' ';  // an error is shown in one line
    } else {
      text += rest.substr(0, length);
    }
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  if (!rest.empty() || visible < statement.size()) text += "...";
  return text;
}

std::string message_without_password(std::string_view statement, std::string_view message) {
  // It may quote the statement, in whatever language: so much of what stands behind " BY '" is none of the password.
  static constexpr std::size_t k_harmless = 5;
  std::string_view hidden = statement.substr(bytes_without_password(statement));
  hidden.remove_prefix(plugin_length(hidden));
  const std::size_t quote = message.find('\'');
  if (hidden.empty() || quote == std::string_view::npos) return std::string(message);
  const std::string_view quoted = message.substr(quote + 1);
  bool tells = quoted.size() <= k_harmless;
  for (std::size_t at = 0; !tells && at + k_harmless < quoted.size(); ++at) {
    tells = hidden.find(quoted.substr(at, k_harmless + 1)) != std::string_view::npos;
  }
  return tells ? std::string(message.substr(0, quote + 1)) + "...'" : std::string(message);
}

std::string statement_failure_text(const SourceStatement& statement, std::uint16_t code, std::string_view message) {
  std::string text = fmt::format("Error '{}' ({}) on query. Default database: '{}'. Query: '{}'; {}",
                                 message_without_password(statement.text, message), code, statement.context.database,
                                 statement_excerpt(statement.text), place_text(statement.transaction, statement.place));
  text += vendor_explanation(statement, code);
  static constexpr std::uint16_t k_no_such_table = 1146;  // ER_NO_SUCH_TABLE
  if (statement.context.thread_specific && code == k_no_such_table) {
    text +=
        ". A temporary table of the source's session may be what is missing: it lives as long as the applier's "
        "session. "
        "Make by hand what depends on it, and go on behind it with CHANGE MASTER";
  }
  return text;
}

std::string rows_failure_text(const EventPlace& place, const TransactionStart& transaction, std::string_view table,
                              std::uint16_t code, std::string_view message, std::string_view row) {
  // Not the variants' suffixes ("_v1", "_compressed_v1"): the names that servers use in this message.
  std::string event = binlog::event_type_name(place.type);
  for (const std::string_view name : {"Write_rows", "Update_rows", "Delete_rows"}) {
    if (event.starts_with(name)) event = name;
  }
  std::string text = "Could not execute " + event + " event";
  text += table.empty() ? ", or one before it in the transaction" : fmt::format(" on table {}", table);
  text += fmt::format("; {} ({})", message, code);
  if (!row.empty()) text += fmt::format("; row ({})", row);
  return text + "; " + place_text(transaction, place);
}

}  // namespace tributary::apply
