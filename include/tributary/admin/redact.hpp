#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::admin {

/// The statement with every password replaced by <secret>, for logs, process lists and messages. When in doubt more
/// is masked than needed: in CHANGE statements every literal but the values of options known to be harmless; in
/// others every literal after PASSWORD or IDENTIFIED; all that follows a password whose quoting looks broken.
/// Any bytes may be given. Thread safe.
std::string redact_statement(std::string_view text);

/// The same for the part of @p text that begins at @p offset, judged in the context of the whole.
std::string redact_statement_from(std::string_view text, std::size_t offset);

}  // namespace tributary::admin
