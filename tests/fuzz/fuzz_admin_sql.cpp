// A statement on the admin port: grammar, scanner, splitter, and the masking of passwords.

#include "tributary/admin/parser.hpp"
#include "tributary/admin/redact.hpp"

#include "fuzz.hpp"
#include "scanner.hpp"
#include "statement_splitter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view text = as_text({data, size});
  fuzz::allow_error([&] { static_cast<void>(admin::parse_statement(text)); });
  static_cast<void>(admin::redact_statement(text));
  static_cast<void>(admin::redact_statement_from(text, size / 2));
  for (const bool comments : {false, true}) {
    for (const admin::Token& token : admin::scan_statement(text, comments)) {
      fuzz::require(token.offset <= size && token.text.size() <= size - token.offset);
      static_cast<void>(token.value());
    }
  }
  for (const std::string_view piece : admin::split_statements(text)) {
    fuzz::require(piece.data() >= text.data() && piece.data() + piece.size() <= text.data() + text.size());
    fuzz::allow_error([&] { static_cast<void>(admin::parse_statement(piece)); });
  }
  return 0;
}
