#pragma once

#include "tributary/util/bytes.hpp"

namespace tributary::source {

/// The event in a packet of a dump. @throws ReceiveError for a packet that holds none: the source's error, its end of
/// the dump, or something malformed.
ByteView event_of(ByteView payload);

}  // namespace tributary::source
