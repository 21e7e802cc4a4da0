#include "table_engines.hpp"

#include <algorithm>

#include "tributary/util/utf8.hpp"

namespace tributary::apply {
namespace {

/// The name in lower case: servers differ, and their settings, in whether names of tables differ by case.
TableName folded(const TableName& name) {
  const auto lower = [](std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
  };
  return {lower(name.first), lower(name.second)};
}

/// A table, of a name whose case is told by ASCII letters.
bool is_told(const target::ObjectName& object) {
  return object.kind == target::ObjectKind::table && is_ascii(object.database) && is_ascii(object.name);
}

}  // namespace

bool may_change(const std::vector<target::ObjectName>& objects, const TableName& table) {
  return objects.empty() || std::any_of(objects.begin(), objects.end(), [name = folded(table)](const auto& object) {
           return !is_told(object) || folded({object.database, object.name}) == name;
         });
}

TableEngines::Found TableEngines::look_up(target::TargetConnection& connection, const std::vector<TableName>& tables) {
  Found found;
  for (const TableName& table : tables) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = find(table)) {
        found.without_transactions = found.without_transactions || *known == Engine::without_transactions;
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
    if (engine == Engine::without_transactions) found = {true, true};
    const std::lock_guard lock(mutex_);
    engines_[folded(table)][table] = engine;
  }
  return found;
}

std::optional<TableEngines::Engine> TableEngines::find(const TableName& table) const {
  const auto alike = engines_.find(folded(table));
  if (alike == engines_.end()) return std::nullopt;
  const auto known = alike->second.find(table);
  return known == alike->second.end() ? std::nullopt : std::optional(known->second);
}

bool TableEngines::known_without_transactions(const TableName& table) const {
  const std::lock_guard lock(mutex_);
  return find(table) == Engine::without_transactions;
}

bool TableEngines::only_sequences_stay(const std::vector<TableName>& tables) const {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (const TableName& table : tables) {
    const auto known = find(table);
    if (!known || *known == Engine::without_transactions) return false;
    any = any || *known == Engine::sequence;
  }
  return any;
}

void TableEngines::forget(const std::vector<target::ObjectName>& objects) {
  const std::lock_guard lock(mutex_);
  if (objects.empty() || !std::all_of(objects.begin(), objects.end(), is_told)) return engines_.clear();
  for (const target::ObjectName& object : objects) engines_.erase(folded({object.database, object.name}));
}

}  // namespace tributary::apply
