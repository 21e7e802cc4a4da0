#pragma once

#include <string>

#include "tributary/relay/relay_log.hpp"

#include "attempt.hpp"

namespace tributary::apply {

/// Where the applied position lies beyond the end of a closed relay file (a loss of power took the end, and receiving
/// went on in the next file) the attempt begins with the next file, if that was asked for by GTID with all that is
/// applied. @throws Error 1594 where that is not known.
void pass_lost_end(AttemptStart& start, relay::RelayLog& log, const std::string& channel);

}  // namespace tributary::apply
