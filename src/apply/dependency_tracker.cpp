#include "dependency_tracker.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tributary::apply {
namespace {

/// Of hashes that are remembered: some MiB. More of them in batches that are not committed make a barrier.
constexpr std::size_t k_most_hashes = 65536;

}  // namespace

std::uint64_t ConflictHistory::write(std::uint64_t hash, std::uint64_t batch) {
  Entry& entry = entries_[hash];
  // What this batch has written itself waits for what was there before already; what it has read does not wait for
  // those that have read it too.
  std::uint64_t before = entry.reader != batch ? entry.reader : entry.reader_before;
  if (entry.writer != batch) before = std::max(before, entry.writer);
  entry.writer = batch;
  return before;
}

std::uint64_t ConflictHistory::read(std::uint64_t hash, std::uint64_t batch) {
  Entry& entry = entries_[hash];
  if (entry.reader != batch) entry.reader_before = std::exchange(entry.reader, batch);
  return entry.writer != batch ? entry.writer : 0;
}

void ConflictHistory::forget_through(std::uint64_t batch) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool committed = entry->second.writer <= batch && entry->second.reader <= batch;
    entry = committed ? entries_.erase(entry) : std::next(entry);
  }
}

void DependencyTracker::begin(std::uint64_t batch, const TransactionStart& transaction) {
  tables_.clear();
  goes_to(batch, transaction);
}

void DependencyTracker::goes_to(std::uint64_t batch, const TransactionStart& transaction) {
  if (serial_ || mode_ != DependencyMode::logical_clock) return;
  // Sequence numbers begin anew with each file.
  if (transaction.source_file != source_file_) {
    source_file_ = transaction.source_file;
    sequences_.clear();
    group_ = 0;
    before_group_ = last_batch_;
    barrier_ = std::max(barrier_, last_batch_);
  }
  clock_ = transaction.clock ? by_sequence(batch, *transaction.clock) : everything(batch);
  last_batch_ = batch;
}

std::uint64_t DependencyTracker::by_sequence(std::uint64_t batch, const LogicalClock& clock) {
  if (clock.commit_id != 0) {
    if (clock.commit_id != group_) {
      group_ = clock.commit_id;
      before_group_ = last_batch_;
    }
    return bounded(before_group_, batch);
  }
  Sequences& own = sequences_.try_emplace(batch, Sequences{clock.sequence_number, clock.sequence_number}).first->second;
  own.last = clock.sequence_number;
  // What is not here is committed.
  std::uint64_t needed = 0;
  for (const auto& [other, sequences] : sequences_) {
    if (sequences.first <= clock.last_committed) needed = other;
  }
  return bounded(needed, batch);
}

std::uint64_t DependencyTracker::clock(std::uint64_t batch) {
  return std::max(bounded(clock_, batch), at_least(batch));
}

std::uint64_t DependencyTracker::everything(std::uint64_t batch) {
  barrier_ = batch;
  return batch - 1;
}

std::uint64_t DependencyTracker::statement(std::uint64_t batch, const SourceStatement& statement) {
  if (serial_ || mode_ == DependencyMode::writeset) return everything(batch);
  if (mode_ == DependencyMode::logical_clock) return clock(batch);
  const auto& databases = statement.context.status.updated_databases;
  if (!databases || databases->empty()) return everything(batch);
  for (const std::string& database : *databases) write_set_.written.push_back(database_identity(database));
  return by_write_set(batch);
}

void DependencyTracker::add_table_map(const binlog::EventView& event, const binlog::FormatDescription& source) {
  if (serial_ || mode_ == DependencyMode::logical_clock) return;
  binlog::TableMap table = binlog::TableMap::decode(event, source);
  tables_.insert_or_assign(table.table_id, std::move(table));
}

std::uint64_t DependencyTracker::rows(std::uint64_t batch, const binlog::EventView& event,
                                      const binlog::FormatDescription& source) {
  if (serial_) return everything(batch);
  if (mode_ == DependencyMode::logical_clock) return clock(batch);
  const binlog::RowsHead head = binlog::RowsHead::of(event);
  const auto table = tables_.find(head.table_id);
  if (table == tables_.end()) {
    // It only ends a statement, or it is damaged, which the writer tells.
    return binlog::is_dummy_table_id(head.table_id) ? at_least(batch) : everything(batch);
  }
  const TableName name{table->second.database, table->second.table};
  if (mode_ == DependencyMode::database) {
    write_set_.written.push_back(database_identity(name.first));
  } else {
    write_set_.add(event, source, table->second, keys_.of(name));
  }
  if ((head.flags & binlog::rows_flag::k_statement_end) != 0) tables_.clear();
  return by_write_set(batch);
}

std::uint64_t DependencyTracker::by_write_set(std::uint64_t batch) {
  std::uint64_t dependency = at_least(batch);
  for (const std::uint64_t hash : write_set_.written) dependency = std::max(dependency, history_.write(hash, batch));
  for (const std::uint64_t hash : write_set_.read) dependency = std::max(dependency, history_.read(hash, batch));
  write_set_.clear();
  if (history_.size() > k_most_hashes) {
    history_.clear();
    barrier_ = batch;  // for those behind; what this one waits for of what comes is not known either
    return batch - 1;
  }
  return dependency;
}

std::uint64_t DependencyTracker::definitions_change(std::uint64_t batch,
                                                    const std::vector<target::ObjectName>& objects) {
  keys_.forget(objects);
  last_definition_change_ = batch;
  return everything(batch);
}

void DependencyTracker::committed(std::uint64_t batch) {
  sequences_.erase(sequences_.begin(), sequences_.upper_bound(batch));
  // It is told for each transaction, and to look through all of them costs time.
  if (history_.size() <= k_most_hashes / 2 || batch == forgotten_through_) return;
  history_.forget_through(batch);
  forgotten_through_ = batch;
}

}  // namespace tributary::apply
