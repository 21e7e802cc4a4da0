#include "relay_recovery.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"

#include "chunk_reader.hpp"
#include "hole_event.hpp"

namespace tributary::relay {
namespace {

using binlog::BoundaryState;
using binlog::EventHeader;
using binlog::EventView;

[[noreturn]] void throw_unreadable(const File& file, std::uint64_t offset, const std::string& why) {
  throw Error(error_code::k_read_relay_log,
              fmt::format("Relay log read failure: {}, offset {}: {}", file.path().string(), offset, why));
}

/// The state of one check of a tail.
class TailScanner {
 public:
  TailScanner(const File& file, std::uint64_t from) : file_(file), size_(file.size()), from_(from), offset_(from) {
    result_.boundary = from;
  }

  TailScan run() {
    // A file without its FORMAT_DESCRIPTION holds nothing yet.
    if (from_ == binlog::k_first_event_offset && size_ < from_ + EventHeader::k_length) {
      if (size_ > from_) result_.damage = "the first event is cut short";
      return result_;
    }
    if (from_ != binlog::k_first_event_offset) description_ = read_format_description(file_, size_);
    while (offset_ < size_ && result_.damage.empty()) {
      try {
        if (!step()) break;
      } catch (const Error& error) {
        result_.damage = error.what();
      }
    }
    if (!result_.damage.empty()) result_.damage += fmt::format(" (offset {})", offset_);
    return result_;
  }

 private:
  /// Checks one event; false when the scan need not go further.
  bool step() {
    const ByteView head =
        reader_.view(file_, offset_, std::min<std::uint64_t>(EventHeader::k_length, size_ - offset_), size_);
    const EventHeader header = EventHeader::decode(head);
    if (header.event_size > size_ - offset_) {
      result_.damage = fmt::format("an event of {} bytes is cut short after {}", header.event_size, size_ - offset_);
      return false;
    }
    const std::uint64_t end = offset_ + header.event_size;
    if (is_hole(header)) {
      if (!hole_is_intact(file_, offset_, header, description_.checksum)) {
        result_.damage = "an event that covers a hole is damaged";
        return false;
      }
      accept(end, true);
      return true;
    }
    const ByteView raw = reader_.view(file_, offset_, header.event_size, size_);
    if (header.type == binlog::EventType::format_description) description_ = binlog::FormatDescription::decode(raw);
    const EventView event(raw, description_.checksum);
    if (!event.checksum_matches()) {
      result_.damage = fmt::format("the checksum of a {} event does not match", binlog::event_type_name(header.type));
      return false;
    }
    const BoundaryState state = boundary_.feed(event, description_);
    if (boundary_.at_boundary()) {
      accept(end, state == BoundaryState::ends || state == BoundaryState::single);
    } else {
      offset_ = end;
    }
    return true;
  }

  void accept(std::uint64_t end, bool content) {
    offset_ = end;
    result_.boundary = end;
    result_.has_content = result_.has_content || content;
  }

  const File& file_;
  std::uint64_t size_;
  std::uint64_t from_;
  std::uint64_t offset_;
  ChunkReader reader_;
  binlog::FormatDescription description_;
  binlog::TransactionBoundary boundary_;
  TailScan result_;
};

/// Ends a remove_all() that a crash cut short.
void remove_given_up(const RelayDirectory& directory, RelayCatalogue& catalogue, const RelayLogOptions& options) {
  for (const std::uint64_t number : directory.list()) {
    if (number >= options.first_file_number) continue;
    std::filesystem::remove(directory.path_of(number));
    log(LogLevel::info, "channel '{}': relay file {} of a former configuration removed", options.channel,
        directory.file_name(number));
  }
  for (const RelayFileRecord& record : catalogue.load()) {
    if (record.file_number < options.first_file_number) catalogue.remove(record.file_number);
  }
}

}  // namespace

binlog::FormatDescription read_format_description(const File& file, std::uint64_t limit) {
  static constexpr std::size_t k_largest = std::size_t{64} << 10;
  std::array<std::uint8_t, binlog::k_first_event_offset + EventHeader::k_length> head{};
  if (limit < head.size() || file.read_at(0, head) != head.size() ||
      !std::equal(std::begin(binlog::k_file_magic), std::end(binlog::k_file_magic), head.begin())) {
    throw_unreadable(file, 0, "this is not a binary log file");
  }
  try {
    const EventHeader header = EventHeader::decode(ByteView(head).subspan(binlog::k_first_event_offset));
    if (header.event_size > k_largest || header.event_size > limit - binlog::k_first_event_offset) {
      throw_unreadable(file, binlog::k_first_event_offset, "the first event is damaged");
    }
    Bytes raw(header.event_size);
    if (file.read_at(binlog::k_first_event_offset, raw) != raw.size()) {
      throw_unreadable(file, binlog::k_first_event_offset, "the first event is cut short");
    }
    binlog::FormatDescription description = binlog::FormatDescription::decode(raw);
    if (!EventView(raw, description.checksum).checksum_matches()) {
      throw_unreadable(file, binlog::k_first_event_offset, "the checksum of the first event does not match");
    }
    return description;
  } catch (const Error& error) {
    if (error.code() == error_code::k_read_relay_log) throw;
    throw_unreadable(file, binlog::k_first_event_offset, error.what());
  }
}

TailScan scan_tail(const File& file, std::uint64_t from) {
  return TailScanner(file, from).run();
}

std::map<std::uint64_t, RelayFileRecord> reconcile(const RelayDirectory& directory, RelayCatalogue& catalogue,
                                                   const RelayLogOptions& options) {
  remove_given_up(directory, catalogue, options);
  const std::string& channel = options.channel;
  std::map<std::uint64_t, RelayFileRecord> recorded;
  for (RelayFileRecord& record : catalogue.load()) recorded[record.file_number] = std::move(record);
  const std::vector<std::uint64_t> present = directory.list();
  const std::map<std::uint64_t, RelayFileRecord> listed = directory.read_sources();

  std::map<std::uint64_t, RelayFileRecord> result;
  for (const std::uint64_t number : present) {
    const auto found = listed.find(number);
    if (const auto known = recorded.find(number); known != recorded.end()) {
      RelayFileRecord& record = result[number] = known->second;
      if (found != listed.end() && found->second.source_file_name == record.source_file_name) {
        record.gtid_before = found->second.gtid_before;
      }
      continue;
    }
    if (found == listed.end() && number == present.back()) {
      throw Error(
          error_code::k_read_relay_log,
          fmt::format("Relay log read failure: channel '{}': neither state.db nor the file .sources beside it tells "
                      "which file of the source {} mirrors; restore one of them, or remove the relay files of this "
                      "channel and set its coordinates anew",
                      channel, directory.path_of(number).string()));
    }
    RelayFileRecord record = found != listed.end() ? found->second : RelayFileRecord{};
    record.file_number = number;
    record.file_name = directory.file_name(number);
    catalogue.save(record);
    log(LogLevel::warning, "channel '{}': relay file {} was not in the catalogue; it mirrors '{}'", channel,
        record.file_name, record.source_file_name);
    result[number] = std::move(record);
  }

  // The newest record may be ahead of its file by a crash, or the file was removed: it is made again, under its
  // number, so that numbers stay without gaps. A log that has lost all of its files starts over instead.
  const std::uint64_t next = present.empty() ? 0 : present.back() + 1;
  for (const auto& [number, record] : recorded) {
    if (result.contains(number)) continue;
    const bool made_again = present.empty() ? recorded.size() == 1 && record.boundary_offset == 0 : number == next;
    if (made_again) {
      result[number] = record;
      continue;
    }
    log(LogLevel::error, "channel '{}': relay file {} is in the catalogue but not in {}", channel, record.file_name,
        directory.path().string());
    catalogue.remove(number);
  }
  return result;
}

std::uint64_t recovered_end(const RelayFileRecord& record, const File& file, bool other_boot,
                            const std::string& channel) {
  const std::uint64_t size = file.size();
  const std::uint64_t promised = record.boundary_offset;
  const bool promise_kept = promised >= binlog::k_first_event_offset && promised <= size;
  std::uint64_t end = binlog::k_first_event_offset;
  std::string why;
  // A file whose first boundary was never recorded counts for nothing, whatever it holds; unless the record itself
  // was lost, which a look at the content must make up for.
  const bool record_lost = promised == 0 && record.created_at == 0;
  if (promise_kept && other_boot && size > promised && promised > binlog::k_first_event_offset &&
      read_format_description(file, size).checksum == binlog::ChecksumAlgorithm::off) {
    end = promised;
    why = "the system was started anew, and without checksums nothing tells what came to the device";
  } else if (promise_kept) {
    // After a loss of power the record may be many steps behind: each but a file's first may come to the device later
    // than the bytes of the file.
    const TailScan scan = scan_tail(file, promised);
    end = scan.boundary;
    why = scan.damage;
  } else if (promised != 0 || record_lost) {
    const TailScan scan = scan_tail(file, binlog::k_first_event_offset);
    // Without a transaction or a hole the place where the file was begun is not known for sure.
    if (scan.has_content) end = scan.boundary;
    why =
        promised != 0 ? fmt::format("the file is shorter than the {} bytes that were received", promised) : scan.damage;
  }
  if (end != size && size > binlog::k_first_event_offset) {
    log(LogLevel::warning,
        "channel '{}': relay file {} is cut from {} to {} bytes, the end of its last whole transaction{}{}", channel,
        file.path().string(), size, end, why.empty() ? "" : ": ", why);
  }
  return end;
}

}  // namespace tributary::relay
