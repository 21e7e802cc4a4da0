#pragma once

#include <initializer_list>

#include "tributary/binlog/event.hpp"

namespace tributary::binlog {

/// Throws Error 1610 unless the event is of one of @p types.
void require_type(const EventView& event, std::initializer_list<EventType> types);

/// Throws Error 1610: "damaged <type> event: <what>".
[[noreturn]] void throw_damaged(EventType type, const char* what);

}  // namespace tributary::binlog
