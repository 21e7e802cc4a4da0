#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::apply {

/// What changes of one table's rows come to, each row known by the image of its key, as images of row events. One
/// thread; it keeps its memory over clear().
class NetRowImages {
 public:
  /// Adds a change. False when it cannot follow what is known of the key (a row that is there is added once more, one
  /// that is gone is removed) or what is held becomes too large: nothing was added then. @p waits: the row's changes
  /// are to be told apart from those that do not wait.
  [[nodiscard]] bool add(ByteView key, ByteView after, bool waits = false);
  [[nodiscard]] bool remove(ByteView key, bool waits = false);
  /// A row that keeps its key.
  [[nodiscard]] bool replace(ByteView key, ByteView after, bool waits = false);

  /// Nothing was added since clear().
  [[nodiscard]] bool empty() const { return changes_.empty() && !forgot_; }
  /// Bytes of the keys and images that are needed; at most about twice as many are held.
  [[nodiscard]] std::size_t size() const { return needed_; }
  /// Bytes that it takes to hold those, nearly.
  [[nodiscard]] std::size_t memory() const { return needed_ + changes_.size() * (sizeof(Change) + k_slot_bytes); }
  /// Calls @p on_row with the key and the image after the changes of each row that one kind of event has now, in the
  /// order in which the rows were first changed. Either those that wait or the others.
  template <typename OnRow>
  void for_each(binlog::RowsKind kind, bool waiting, OnRow on_row) const {
    for (const Change& change : changes_) {
      if (change.waits == waiting && change.is(kind)) on_row(bytes(change.key), bytes(change.after));
    }
  }
  void clear();

 private:
  static constexpr std::size_t k_slot_bytes = 12;  ///< of slots_, for each change

  struct Part {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Change {
    std::uint64_t hash = 0;
    Part key, after;
    std::uint32_t counted = 0;  ///< of size(), in needed_
    bool was_there = false;     ///< before the first change
    bool is_there = false;      ///< after the last one
    bool waits = false;

    [[nodiscard]] bool is(binlog::RowsKind kind) const {
      using binlog::RowsKind;
      if (!was_there) return is_there && kind == RowsKind::write;
      return kind == (is_there ? RowsKind::update : RowsKind::remove);
    }
    [[nodiscard]] bool is_nothing() const { return !was_there && !is_there; }
    [[nodiscard]] std::uint32_t size() const { return is_nothing() ? 0 : key.size + after.size; }
  };

  [[nodiscard]] ByteView bytes(const Part& part) const { return ByteView(held_).subspan(part.begin, part.size); }
  [[nodiscard]] bool has_room(std::size_t bytes);
  Part hold(ByteView bytes);
  Change* find(ByteView key, std::uint64_t hash);
  Change& begin(ByteView key, std::uint64_t hash, bool was_there);
  /// The change of a row that is there, begun where it is the row's first. Null when the row is gone.
  Change* present(ByteView key);
  /// A change is as it is now: what it needs is counted. @return true.
  bool end(Change& change, bool is_there, bool waits);
  void grow();
  void fill_slots();
  void drop_unneeded();

  Bytes held_;              ///< keys and images
  std::size_t needed_ = 0;  ///< bytes of them
  bool forgot_ = false;     ///< rows that came and went
  std::vector<Change> changes_;
  std::vector<std::uint32_t> slots_;  ///< an open hash table: index into changes_ + 1, or 0; its size a power of two
};

}  // namespace tributary::apply
