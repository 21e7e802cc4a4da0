#include "tributary/util/crash_point.hpp"

#ifdef TRIBUTARY_CRASH_POINTS

#include <atomic>
#include <cstdlib>
#include <string>

#include <unistd.h>

namespace tributary {
namespace {

struct Armed {
  std::string name;
  long countdown = 1;

  Armed() {
    const char* const text = std::getenv("TRIBUTARY_CRASH_POINT");
    if (text == nullptr) return;
    name = text;
    if (const auto colon = name.find(':'); colon != std::string::npos) {
      countdown = std::strtol(name.c_str() + colon + 1, nullptr, 10);
      name.resize(colon);
    }
  }
};

}  // namespace

bool reaches_crash_point(const char* name) {
  static const Armed armed;
  static std::atomic<long> reached{0};
  return !armed.name.empty() && armed.name == name && ++reached == armed.countdown;
}

void end_at_crash_point() {
  _exit(137);
}

void crash_point(const char* name) {
  if (reaches_crash_point(name)) end_at_crash_point();
}

}  // namespace tributary

#endif
