#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tributary::apply {

/// What changes of one table's rows come to, each row known by its key: at most one removal and one new row for each
/// key. Run as all removals, then all new rows, they meet no unique key's value of a row that has given it up: whatever
/// was in between is gone. One thread.
class NetChanges {
 public:
  /// Adds a change. False when it cannot follow what is known of the key (a row that is there is added once more, one
  /// that is gone is removed): nothing was added then, and what came before is to be run first.
  [[nodiscard]] bool add(std::string_view key, std::string row);
  [[nodiscard]] bool remove(std::string_view key);
  /// A row that keeps its key.
  [[nodiscard]] bool replace(std::string_view key, std::string row);

  [[nodiscard]] bool empty() const { return changes_.empty(); }
  /// Bytes of keys and rows.
  [[nodiscard]] std::size_t size() const { return bytes_; }
  /// Keys of rows that were there before, in the order in which they were first changed.
  [[nodiscard]] std::vector<std::string_view> removed() const;
  /// Rows that are there afterwards, in the same order. Some were there before, see removed().
  [[nodiscard]] std::vector<std::string_view> added() const;
  void clear();

 private:
  struct Change {
    std::string_view key;    ///< of index_
    bool was_there = false;  ///< before the first change
    bool is_there = false;   ///< after the last one
    std::string row;
  };

  Change* find(std::string_view key);
  Change& begin(std::string_view key, bool was_there);
  void set_row(Change& change, std::string row);

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;  ///< into changes_
  std::vector<Change> changes_;
  std::size_t bytes_ = 0;
};

}  // namespace tributary::apply
