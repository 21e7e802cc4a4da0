#pragma once

#include <string_view>

namespace tributary {

/// One step of a schema, from schema/<store>/NNNN_name.sql; embedded by cmake/embed_sql.cmake. Steps run in order of
/// their numbers, which begin at 1 and have no gaps; a released step is never edited.
struct Migration {
  unsigned number;
  std::string_view name;
  std::string_view text;  ///< SQL statements, each ended by ';'
};

}  // namespace tributary
