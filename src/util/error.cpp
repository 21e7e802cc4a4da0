#include "tributary/util/error.hpp"

#include <system_error>

namespace tributary {

std::string system_error_text(int number) {
  return std::generic_category().message(number);
}

}  // namespace tributary
