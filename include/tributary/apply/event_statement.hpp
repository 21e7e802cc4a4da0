#pragma once

#include <string>
#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// @p statement, and where it is a CREATE EVENT or ALTER EVENT that enables the event, with DISABLE ON SLAVE in place
/// of that: the source runs its events and logs what they do. The servers' own replicas do the same
/// (sql/event_parse_data.cc, check_originator_id); one that the source has disabled stays so here.
std::string disable_event_on_replica(std::string_view statement, const SqlDialect& dialect);

}  // namespace tributary::apply
