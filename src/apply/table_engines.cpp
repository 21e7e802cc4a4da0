#include "table_engines.hpp"

#include <algorithm>

#include "tributary/util/utf8.hpp"

namespace tributary::apply {
namespace {

/// Servers differ, and their settings, in whether names of tables differ by case.
bool may_be_same_name(const std::string& a, const std::string& b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char left, char right) { return lower(left) == lower(right); });
}

}  // namespace

bool TableEngines::look_up(target::TargetConnection& connection, const std::vector<TableName>& tables) {
  bool without = false;
  for (const TableName& table : tables) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = engines_.find(table); known != engines_.end()) {
        without = without || known->second == Engine::without_transactions;
        continue;
      }
    }
    const auto rows = connection.query(
        "SELECT TABLE_TYPE, ENGINE NOT IN (SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES') "
        "FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
        target::text_literal(table.first) + " AND TABLE_NAME = " + target::text_literal(table.second));
    // A view, or a table that does not exist, is none without: its statement tells more.
    Engine engine = Engine::transactional;
    if (!rows.empty() && rows.front().size() > 1) {
      if (rows.front()[0] == "SEQUENCE") engine = Engine::sequence;
      if (rows.front()[1] == "1") engine = Engine::without_transactions;
    }
    without = without || engine == Engine::without_transactions;
    const std::lock_guard lock(mutex_);
    engines_[table] = engine;
  }
  return without;
}

bool TableEngines::known_without_transactions(const TableName& table) const {
  const std::lock_guard lock(mutex_);
  const auto known = engines_.find(table);
  return known != engines_.end() && known->second == Engine::without_transactions;
}

bool TableEngines::only_sequences_stay(const std::vector<TableName>& tables) const {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (const TableName& table : tables) {
    const auto known = engines_.find(table);
    if (known == engines_.end() || known->second == Engine::without_transactions) return false;
    any = any || known->second == Engine::sequence;
  }
  return any;
}

void TableEngines::forget(const std::vector<target::ObjectName>& objects) {
  const auto is_table = [](const target::ObjectName& object) {
    return object.kind == target::ObjectKind::table && is_ascii(object.database) && is_ascii(object.name);
  };
  const std::lock_guard lock(mutex_);
  if (objects.empty() || !std::all_of(objects.begin(), objects.end(), is_table)) return engines_.clear();
  for (const target::ObjectName& object : objects) {
    std::erase_if(engines_, [&object](const auto& known) {
      return may_be_same_name(known.first.first, object.database) && may_be_same_name(known.first.second, object.name);
    });
  }
}

}  // namespace tributary::apply
