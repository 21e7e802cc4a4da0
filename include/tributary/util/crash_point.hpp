#pragma once

namespace tributary {

#ifdef TRIBUTARY_CRASH_POINTS
/// Ends the process at once, as SIGKILL would, when the environment variable TRIBUTARY_CRASH_POINT is @p name or
/// "name:n" and this is the n-th time the point is reached. Compiled out of release builds.
void crash_point(const char* name);
#else
inline void crash_point(const char* /*name*/) {}
#endif

}  // namespace tributary
