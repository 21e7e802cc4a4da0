#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "stop_signal.hpp"

namespace tributary::source {

/// The addresses of @p host in numeric form, in the order in which they are to be tried. A name server that does not
/// answer delays neither a stop nor the time limit. Empty when a stop was requested.
/// @throws ReceiveError 2005 when there is no such host or @p limit has passed.
std::vector<std::string> resolve_host(const std::string& host, const StopSignal& stop, std::chrono::seconds limit);

}  // namespace tributary::source
