#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// @p statement, and where it is a CREATE TABLE with the option START TRANSACTION, without that: so MySQL from 8.0.21 on
/// logs CREATE TABLE … SELECT, whose rows follow in the same transaction (sql/sql_table.cc). No MariaDB understands it,
/// and MySQL would refuse the checkpoint's statements before its COMMIT.
std::string without_start_transaction(std::string_view statement, const SqlDialect& dialect);

}  // namespace tributary::apply
