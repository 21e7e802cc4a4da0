#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace tributary::apply {

/// What the log need say only once of a channel, whichever of its workers meets it. Thread safe.
class ToldOnce {
 public:
  /// True for the first call with @p what.
  [[nodiscard]] bool first(std::string_view what) {
    const std::lock_guard lock(mutex_);
    return told_.emplace(what).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> told_;
};

}  // namespace tributary::apply
