#include "xa_statement.hpp"

#include <charconv>
#include <string>

namespace tributary::apply {
namespace {

constexpr std::int32_t k_default_format = 1;

std::optional<std::string> from_hex(std::string_view digits) {
  std::string bytes;
  if (digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    std::uint8_t byte = 0;
    const char* const end = digits.data() + i + 2;
    const auto result = std::from_chars(digits.data() + i, end, byte, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

class Parser {
 public:
  Parser(std::string_view text, const SqlDialect& dialect) : tokenizer_(text, dialect) { advance(); }

  [[nodiscard]] bool at_end() const { return token_.kind == TokenKind::end; }
  bool accept(std::string_view keyword) { return advance_if(token_.is(keyword)); }
  bool accept(char character) { return advance_if(token_.is(character)); }

  std::optional<std::string> bytes() {
    std::optional<std::string> value;
    if (accept("X")) {
      if (token_.kind == TokenKind::text) value = from_hex(token_.name());
    } else if (token_.kind == TokenKind::word && (token_.raw.starts_with("0x") || token_.raw.starts_with("0X"))) {
      value = from_hex(token_.raw.substr(2));
    }
    advance();
    return value;
  }

  std::optional<std::int32_t> number() {
    const bool negative = accept('-');
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(token_.raw.data(), token_.raw.data() + token_.raw.size(), value);
    if (error != std::errc() || end != token_.raw.data() + token_.raw.size()) return std::nullopt;
    advance();
    // The servers write the four bytes with or without a sign.
    return static_cast<std::int32_t>(negative ? -value : value);
  }

 private:
  bool advance_if(bool matches) {
    if (matches) advance();
    return matches;
  }
  void advance() { token_ = tokenizer_.next(); }

  SqlTokenizer tokenizer_;
  SqlToken token_;
};

std::optional<binlog::XaId> parse_xid(Parser& parser) {
  binlog::XaId xid;
  xid.format_id = k_default_format;
  const auto gtrid = parser.bytes();
  if (!gtrid) return std::nullopt;
  xid.gtrid = *gtrid;
  if (parser.accept(',')) {
    const auto bqual = parser.bytes();
    if (!bqual) return std::nullopt;
    xid.bqual = *bqual;
    if (parser.accept(',')) {
      const auto format = parser.number();
      if (!format) return std::nullopt;
      xid.format_id = *format;
    }
  }
  return xid;
}

}  // namespace

std::optional<XaStatement> parse_xa_statement(std::string_view text, const SqlDialect& dialect) {
  Parser parser(text, dialect);
  if (!parser.accept("XA")) return std::nullopt;
  XaStatement statement;
  if (parser.accept("START") || parser.accept("BEGIN")) {
    statement.verb = XaStatement::Verb::start;
  } else if (parser.accept("END")) {
    statement.verb = XaStatement::Verb::end;
  } else if (parser.accept("COMMIT")) {
    statement.verb = XaStatement::Verb::commit;
  } else if (parser.accept("ROLLBACK")) {
    statement.verb = XaStatement::Verb::rollback;
  } else {
    return std::nullopt;
  }
  auto xid = parse_xid(parser);
  parser.accept(';');
  if (!xid || !parser.at_end()) return std::nullopt;
  statement.xid = std::move(*xid);
  return statement;
}

}  // namespace tributary::apply
