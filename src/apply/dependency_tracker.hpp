#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tsl/robin_map.h>

#include "tributary/apply/applier.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "table_keys.hpp"
#include "work.hpp"

namespace tributary::apply {

/// Which batch was the last to write or to read what has a hash. Two things with one hash only make an order that is
/// not needed.
class ConflictHistory {
 public:
  ConflictHistory() { entries_.max_load_factor(k_load); }

  /// @return the last batch before @p batch that wrote or read it; 0: none that is known.
  std::uint64_t write(std::uint64_t hash, std::uint64_t batch);
  /// @return the last batch before @p batch that wrote it.
  std::uint64_t read(std::uint64_t hash, std::uint64_t batch);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Batches up to @p batch are committed: nobody waits for them.
  void forget_through(std::uint64_t batch);
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::uint64_t writer = 0;
    std::uint64_t reader = 0;
    std::uint64_t reader_before = 0;  ///< another batch than `reader`
  };
  /// A hash needs no other.
  struct Same {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };

  static constexpr float k_load = 0.9F;  ///< of slots: memory is scarcer than time

  tsl::robin_map<std::uint64_t, Entry, Same> entries_;
};

/// What a transaction's rows write and read, as hashes.
struct WriteSet {
  std::vector<std::uint64_t> written;
  std::vector<std::uint64_t> read;

  void clear() {
    written.clear();
    read.clear();
  }
  /// The rows of @p event; @p keys of their table in the target, nullptr: not known. Adds to what is there.
  /// @throws Error 1610 for a damaged event.
  void add(const binlog::EventView& event, const binlog::FormatDescription& source, const binlog::TableMap& table,
           const TableKeys* keys);

 private:
  void add_row(const binlog::RowsReader& reader, binlog::RowsKind kind, const TableKeys& keys);
};

/// Decides which earlier batch must be committed before a step of a batch may run (docs/architecture.md, "Parallel
/// workers"). Commits are in the source's order anyway: a wait that is missing here costs a rollback, and loses
/// nothing. One thread: the coordinator's.
///
/// Batches are numbered from 1 in the order of the source. An answer is always below the batch that is asked for; 0:
/// none.
class DependencyTracker {
 public:
  /// @p workers 1: every batch waits for the one before, and nothing is looked at.
  DependencyTracker(DependencyMode mode, std::size_t workers, KnownTableKeys::Query query)
      : mode_(mode), serial_(workers < 2), keys_(std::move(query)) {}

  /// A transaction begins in @p batch.
  void begin(std::uint64_t batch, const TransactionStart& transaction);
  /// What comes of it now is a part of @p batch, a later one than it began in.
  void goes_to(std::uint64_t batch, const TransactionStart& transaction);
  /// What nothing is known of, or what must be alone: it waits for all before it, and all behind wait for it.
  std::uint64_t everything(std::uint64_t batch);
  /// A statement that changes rows.
  std::uint64_t statement(std::uint64_t batch, const SourceStatement& statement);
  void add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source);
  /// A row event, of any type. @throws Error 1610.
  std::uint64_t rows(std::uint64_t batch, const binlog::EventView& event, const binlog::FormatDescription& source);
  /// A DDL is in @p batch: everything(), and what was learnt of @p objects is forgotten.
  std::uint64_t definitions_change(std::uint64_t batch, const std::vector<target::ObjectName>& objects);
  /// The last batch that may have changed a definition.
  [[nodiscard]] std::uint64_t last_definition_change() const { return last_definition_change_; }
  /// Batches up to @p batch are committed.
  void committed(std::uint64_t batch);
  /// What everything in @p batch waits for at least.
  [[nodiscard]] std::uint64_t at_least(std::uint64_t batch) const { return bounded(barrier_, batch); }

 private:
  static std::uint64_t bounded(std::uint64_t dependency, std::uint64_t batch) {
    return dependency < batch ? dependency : batch - 1;
  }
  std::uint64_t clock(std::uint64_t batch);
  std::uint64_t by_sequence(std::uint64_t batch, const LogicalClock& clock);
  std::uint64_t by_write_set(std::uint64_t batch);

  const DependencyMode mode_;
  const bool serial_;
  KnownTableKeys keys_;
  std::uint64_t barrier_ = 0;  ///< all batches behind it wait for it
  std::uint64_t last_definition_change_ = 0;
  ConflictHistory history_;
  std::uint64_t forgotten_through_ = 0;
  WriteSet write_set_;
  std::map<std::uint64_t, binlog::TableMap> tables_;  ///< by id, of the source's statement that is not over

  // LOGICAL_CLOCK
  std::string source_file_;
  struct Sequences {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  std::map<std::uint64_t, Sequences> sequences_;  ///< numbers in each batch that is not committed yet
  std::uint64_t group_ = 0;                       ///< MariaDB's commit id of the transaction before
  std::uint64_t before_group_ = 0;                ///< batch of the last transaction before that group
  std::uint64_t last_batch_ = 0;                  ///< of the transaction before
  std::uint64_t clock_ = 0;                       ///< what the transaction being read waits for
};

}  // namespace tributary::apply
