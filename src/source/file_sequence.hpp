#pragma once

#include <string>

#include "tributary/relay/relay_log.hpp"

namespace tributary::source {

/// The name that a server gives to the binary log file after @p file; '' when it does not end in a number.
std::string name_after(const std::string& file);

/// What the ROTATE says at the received end of @p log; '' when something else stands there: the source was stopped or
/// killed, or the file goes on.
std::string rotated_to(relay::RelayLog& log);

/// Both are numbered files of one series: "bin.000002" and "bin.000005".
bool of_one_series(const std::string& file, const std::string& other);

}  // namespace tributary::source
