#include "decode_support.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::binlog {

void require_type(const EventView& event, std::initializer_list<EventType> types) {
  if (std::find(types.begin(), types.end(), event.type()) != types.end()) return;
  throw Error(error_code::k_corrupt_event, fmt::format("a {} event is expected here, this is a {} event",
                                                       event_type_name(*types.begin()), event_type_name(event.type())));
}

void throw_damaged(EventType type, const char* what) {
  throw Error(error_code::k_corrupt_event, fmt::format("damaged {} event: {}", event_type_name(type), what));
}

}  // namespace tributary::binlog
