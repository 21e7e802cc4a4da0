#pragma once

#include <set>
#include <utility>

#include "work.hpp"

namespace tributary::apply {

/// The temporary tables that the statements so far have made and not dropped. They live in one session of the target,
/// and no transaction brings one back: while there is any, transactions are applied alone, in the first worker.
class TemporaryTables {
 public:
  /// A statement of kind temporary_table.
  void note(const SourceStatement& statement) {
    for (const target::ObjectName& name : statement.scan.objects) {
      if (statement.scan.effect == DdlEffect::drop) {
        tables_.erase({statement.context.thread_id, name});
      } else {
        tables_.emplace(statement.context.thread_id, name);
      }
    }
  }
  [[nodiscard]] bool any() const { return !tables_.empty(); }
  void clear() { tables_.clear(); }

 private:
  std::set<std::pair<std::uint32_t, target::ObjectName>> tables_;  ///< by the source's connection
};

}  // namespace tributary::apply
