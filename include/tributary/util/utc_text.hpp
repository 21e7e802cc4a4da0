#pragma once

#include <chrono>
#include <string>

namespace tributary {

/// "1971-01-01 00:00:00", in UTC.
std::string utc_text(std::chrono::sys_seconds time);

}  // namespace tributary
