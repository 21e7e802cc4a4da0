#pragma once

#include <cstdint>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// What a server of @p version (MySQL's form: 90700 is 9.7.0) runs.
inline SqlDialect dialect_of(bool mariadb, std::uint32_t version) {
  SqlDialect dialect;
  dialect.mariadb = mariadb;
  dialect.server_version = version;
  return dialect;
}

}  // namespace tributary::apply
