#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tributary/binlog/rows_event.hpp"
#include "tributary/util/bytes.hpp"

namespace tributary::apply {

/// What changes of one table's rows come to, each row known by the bytes of its key, as images of row events. One
/// thread; it keeps its memory over clear().
class NetRowImages {
 public:
  /// Adds a change. False when it cannot follow what is known of the key (a row that is there is added once more, one
  /// that is gone is removed): nothing was added then.
  [[nodiscard]] bool add(ByteView key, ByteView after);
  [[nodiscard]] bool remove(ByteView key, ByteView before);
  /// A row that keeps its key.
  [[nodiscard]] bool replace(ByteView key, ByteView before, ByteView after);

  [[nodiscard]] bool empty() const { return changes_.empty(); }
  /// Bytes held, of what is no more needed too.
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  /// Calls @p on_row with each row that one kind of event has now: images as in a row event, an update's before and
  /// after; in the order in which the rows were first changed.
  template <typename OnRow>
  void for_each(binlog::RowsKind kind, OnRow on_row) const {
    for (const Change& change : changes_) {
      if (change.is(kind)) on_row(image(change.before), image(change.after));
    }
  }
  void clear();

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Change {
    std::uint64_t hash = 0;
    Part key, before, after;
    bool was_there = false;  ///< before the first change
    bool is_there = false;   ///< after the last one

    [[nodiscard]] bool is(binlog::RowsKind kind) const {
      using binlog::RowsKind;
      if (!was_there) return is_there && kind == RowsKind::write;
      return kind == (is_there ? RowsKind::update : RowsKind::remove);
    }
  };

  [[nodiscard]] ByteView image(const Part& part) const { return ByteView(held_).subspan(part.begin, part.size); }
  Part hold(ByteView bytes);
  Change* find(ByteView key, std::uint64_t hash);
  Change& begin(ByteView key, std::uint64_t hash, bool was_there);
  /// The change of a row that is there, begun where it is the row's first. Null when the row is gone.
  Change* present(ByteView key, ByteView before);
  void grow();

  Bytes held_;  ///< keys and images
  std::vector<Change> changes_;
  std::vector<std::uint32_t> slots_;  ///< an open hash table: index into changes_ + 1, or 0; its size a power of two
};

}  // namespace tributary::apply
