#include "applier_variable_names.hpp"

#include "tributary/channel/applier_setting.hpp"

namespace tributary::admin {

bool is_skip_counter(std::string_view name) {
  return name == "sql_slave_skip_counter" || name == "sql_replica_skip_counter";
}

bool is_applier_variable(std::string_view name) {
  return is_skip_counter(name) || channel::find_applier_setting(name) != nullptr;
}

}  // namespace tributary::admin
