// bench_decode FILE...: how fast a binary log file in memory is read by one core, in bytes of the file per second of
// CPU time.
//
//   scan              what the receiver does: header, CRC32, transaction boundary
//   rows              every value of every row in its own type, with the table maps that they need
//   binlog_statement  the applier's BINLOG statements, taken for each MiB of events
//
// The first two must not allocate once they have seen the file: then the program fails.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include "tributary/binlog/binlog_statement.hpp"
#include "tributary/binlog/table_maps.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/binlog/typed_value.hpp"
#include "tributary/util/file.hpp"

namespace {

std::atomic<std::uint64_t> g_allocations{0};

void* counted(std::size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace tributary;
using namespace tributary::binlog;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Calls @p visit(event) for each event of a file, cut out by its size, as the packets of a dump are.
template <typename Visit>
void walk(ByteView file, const FormatDescription& description, Visit&& visit) {
  static constexpr std::size_t k_size_offset = 9;
  for (std::size_t offset = k_first_event_offset; offset < file.size();) {
    if (file.size() - offset < EventHeader::k_length) throw std::runtime_error("the file ends inside an event");
    const auto size = static_cast<std::size_t>(load_little_endian(file.data() + offset + k_size_offset, 4));
    if (size > file.size() - offset) throw std::runtime_error("the file ends inside an event");
    visit(EventView(file.subspan(offset, size), description.checksum));
    offset += size;
  }
}

/// Keeps what is read from being optimised away.
std::uint64_t g_sink = 0;

struct TouchValue {
  void operator()(std::monostate) const { ++g_sink; }
  void operator()(std::int64_t value) const { g_sink += static_cast<std::uint64_t>(value); }
  void operator()(std::uint64_t value) const { g_sink += value; }
  void operator()(float value) const { g_sink += value > 0 ? 1 : 0; }
  void operator()(double value) const { g_sink += value > 0 ? 1 : 0; }
  void operator()(const DecimalValue& value) const { g_sink += value.groups[0]; }
  void operator()(const TemporalValue& value) const { g_sink += value.second; }
  void operator()(const TimestampValue& value) const { g_sink += value.seconds; }
  void operator()(const BitsValue& value) const { g_sink += value.bits; }
  void operator()(ByteView value) const { g_sink += value.size() + (value.empty() ? 0 : value.front()); }
};

struct Counts {
  std::uint64_t events = 0;
  std::uint64_t rows = 0;
  std::uint64_t values = 0;
};

class Scan {
 public:
  void run(ByteView file, const FormatDescription& description, Counts& counts) {
    walk(file, description, [&](const EventView& event) {
      if (!event.checksum_matches()) throw std::runtime_error("a checksum is wrong");
      g_sink += static_cast<std::uint64_t>(boundary_.feed(event, description));
      ++counts.events;
    });
  }

 private:
  TransactionBoundary boundary_;
};

class Rows {
 public:
  void run(ByteView file, const FormatDescription& description, Counts& counts) {
    walk(file, description, [&](const EventView& event) {
      if (event.type() == EventType::table_map) {
        tables_.add(event, description);
      } else if (is_rows_event(event.type())) {
        read(event, description, counts);
      }
      ++counts.events;
    });
  }

 private:
  void read(const EventView& event, const FormatDescription& description, Counts& counts) {
    const RowsEvent rows = RowsEvent::decode(event, description, scratch_);
    const TableMaps::Table* const table = tables_.find(rows.table_id);
    if (table == nullptr) throw std::runtime_error("a table map is missing");
    reader_.reset(rows, table->map);
    while (reader_.next()) {
      for (const RowImage* image : {&reader_.before(), &reader_.after()}) {
        for (const Cell& cell : image->cells()) {
          const bool is_unsigned = table->metadata.columns[cell.column].is_unsigned.value_or(false);
          std::visit(TouchValue(), typed_value(cell, table->map.columns[cell.column], is_unsigned));
          ++counts.values;
        }
      }
      ++counts.rows;
    }
    if (rows.ends_statement()) tables_.end_statement();
  }

  TableMaps tables_;
  RowsReader reader_;
  Bytes scratch_;
};

class Statements {
 public:
  Statements() : builder_(FormatDescription::mariadb("10.11.6-MariaDB"), 1) {}

  void run(ByteView file, const FormatDescription& description, Counts& counts) {
    static constexpr std::size_t k_batch = std::size_t{1} << 20;
    walk(file, description, [&](const EventView& event) {
      if (event.type() == EventType::table_map) {
        builder_.add_table_map(event, description);
      } else if (is_rows_event(event.type())) {
        builder_.add_rows(event, description);
      }
      ++counts.events;
      if (builder_.size() < k_batch) return;
      for (const std::string& statement : builder_.take()) g_sink += statement.size();
    });
    for (const std::string& statement : builder_.take()) g_sink += statement.size();
  }

 private:
  BinlogStatementBuilder builder_;
};

/// Median of @p turns, after one that warms up; false when it allocated and must not.
template <typename Job>
bool measure(const char* name, const std::string& label, ByteView file, const FormatDescription& description, int turns,
             bool may_allocate) {
  Job job;
  Counts warm;
  job.run(file, description, warm);
  std::vector<double> seconds(static_cast<std::size_t>(turns));
  Counts counts;
  const std::uint64_t allocations = g_allocations;
  for (double& turn : seconds) {
    counts = {};
    const double begin = cpu_seconds();
    job.run(file, description, counts);
    turn = cpu_seconds() - begin;
  }
  const std::uint64_t allocated = g_allocations - allocations;
  std::sort(seconds.begin(), seconds.end());
  const double rate = static_cast<double>(file.size()) / seconds[seconds.size() / 2] / 1e6;
  fmt::print("# {}.{}: {} events, {} rows, {} values in {} bytes; {} allocations in {} turns\n", name, label,
             counts.events, counts.rows, counts.values, file.size(), allocated, turns);
  fmt::print("RESULT decode.{}.{} {:.4g} MB/s\n", name, label, rate);
  if (may_allocate || allocated == 0) return true;
  fmt::print(stderr, "decode.{}.{}: {} allocations, where none may be\n", name, label, allocated);
  return false;
}

bool run(const std::string& path, const std::string& label, int turns) {
  const std::string content = read_file(path, std::size_t{4} << 30);
  const ByteView file = as_bytes(content);
  const EventHeader first = EventHeader::decode(file.subspan(k_first_event_offset));
  const auto description = FormatDescription::decode(file.subspan(k_first_event_offset, first.event_size));
  bool good = measure<Scan>("scan", label, file, description, turns, false);
  good = measure<Rows>("rows", label, file, description, turns, false) && good;
  return measure<Statements>("binlog_statement", label, file, description, turns, true) && good;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 4 || argument_count % 2 != 0) {
    fmt::print(stderr, "Usage: bench_decode TURNS LABEL FILE [LABEL FILE]...\n");
    return 2;
  }
  try {
    bool good = true;
    for (int i = 2; i + 1 < argument_count; i += 2) {
      good = run(arguments[i + 1], arguments[i], std::max(1, std::atoi(arguments[1]))) && good;
    }
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_decode: {}\n", error.what());
    return 1;
  }
}
