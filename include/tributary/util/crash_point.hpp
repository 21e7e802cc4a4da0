#pragma once

namespace tributary {

#ifdef TRIBUTARY_CRASH_POINTS
/// Ends the process at once, as SIGKILL would, when the environment variable TRIBUTARY_CRASH_POINT is @p name or
/// "name:n" and this is the n-th time the point is reached. Compiled out of release builds.
void crash_point(const char* name);

/// Counts: true the one time that the process is to end at.
bool reaches_crash_point(const char* name);
[[noreturn]] void end_at_crash_point();

/// The same after @p action, which does a part of what the process is to be interrupted in.
template <typename Action>
void crash_point(const char* name, const Action& action) {
  if (!reaches_crash_point(name)) return;
  action();
  end_at_crash_point();
}
#else
inline void crash_point(const char* /*name*/) {}
template <typename Action>
void crash_point(const char* /*name*/, const Action& /*action*/) {}
#endif

}  // namespace tributary
