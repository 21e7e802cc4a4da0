#include "relay_file_writer.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>

#include "tributary/relay/relay_log.hpp"
#include "tributary/util/crash_point.hpp"

#include "hole_event.hpp"

namespace tributary::relay {
namespace {

bool may_pass(const std::system_error& error) {
  const int number = error.code().value();
  // Of the latter ones some will be free again when other channels and clients have done.
  return number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE || number == ENOMEM;
}

}  // namespace

template <typename Operation>
void RelayFileWriter::guarded(const char* what, Operation operation) {
  try {
    operation();
  } catch (const std::system_error& error) {
    // ER_REPLICA_RELAY_LOG_WRITE_FAILURE, share/messages_to_clients.txt. what() names the path and the system's text.
    throw WriteError(
        fmt::format("Relay log write failure: channel '{}', offset {}: {} ({}){}", channel_, handed_over_, error.what(),
                    what, may_pass(error) ? "; free some space, receiving then goes on by itself" : ""),
        may_pass(error));
  }
}

RelayFileWriter::RelayFileWriter(const std::filesystem::path& path, std::string channel, std::uint64_t end)
    : channel_(std::move(channel)), handed_over_(end), writeback_started_(end) {
  guarded("opening", [&] {
    file_ = File(path, File::Mode::read_write);
    if (file_.size() != end) file_.truncate(end);
  });
}

void RelayFileWriter::append(ByteView bytes) {
  if (bytes.size() > k_buffer - buffered_) write_out();
  if (bytes.size() > k_buffer) {
    hand_over(bytes);
    return;
  }
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(k_buffer);
  if (!bytes.empty()) std::memcpy(buffer_.get() + buffered_, bytes.data(), bytes.size());
  buffered_ += bytes.size();
}

void RelayFileWriter::hand_over(ByteView bytes) {
  crash_point("relay.append");
  guarded("appending events", [&] {
    crash_point("relay.append_half", [&] { file_.write_at(handed_over_, bytes.first(bytes.size() / 2)); });
    file_.write_at(handed_over_, bytes);
  });
  handed_over_ += bytes.size();
}

void RelayFileWriter::write_out() {
  if (buffered_ == 0) return;
  hand_over(ByteView(buffer_.get(), buffered_));
  buffered_ = 0;
}

void RelayFileWriter::append_sparse(std::uint64_t zeros) {
  static constexpr std::uint64_t k_worth_a_hole = std::uint64_t{64} << 10;
  if (zeros < k_worth_a_hole) {
    append(Bytes(static_cast<std::size_t>(zeros), 0));
    return;
  }
  write_out();
  // A failed write may have left bytes beyond the end; the range must read as zeros.
  guarded("covering a hole", [&] {
    file_.truncate(handed_over_);
    file_.truncate(handed_over_ + zeros);
  });
  handed_over_ += zeros;
  sparse_bytes_ += zeros;
}

void RelayFileWriter::cover_hole(std::uint64_t offset, binlog::ChecksumAlgorithm checksum, std::uint32_t server_id) {
  const std::uint64_t start = end();
  const std::uint64_t smallest = smallest_hole(checksum);
  if (offset < start + smallest) {
    throw WriteError(
        fmt::format("Relay log write failure: channel '{}', {}: the source went on at offset {} while {} was "
                    "expected; no event fits between the two",
                    channel_, file_.path().string(), offset, start),
        false);
  }
  const std::uint64_t sparse_before = sparse_bytes_;
  try {
    while (end() != offset) {
      const std::uint64_t size = next_hole_size(offset - end(), checksum);
      const std::uint64_t zeros = size - smallest;
      const Bytes header = encode_hole_header(static_cast<std::uint32_t>(size), end() + size, server_id);
      append(header);
      append_sparse(zeros);
      if (checksum == binlog::ChecksumAlgorithm::off) continue;
      Bytes stored(binlog::k_checksum_length);
      store_little_endian(stored.data(), hole_checksum(header, zeros), stored.size());
      append(stored);
    }
  } catch (const WriteError&) {
    cut(start);
    sparse_bytes_ = sparse_before;
    throw;
  }
}

void RelayFileWriter::sync() {
  write_out();
  guarded("syncing", [&] { file_.sync(); });
  writeback_started_ = handed_over_;
}

void RelayFileWriter::start_writeback() {
  static constexpr std::uint64_t k_step = std::uint64_t{4} << 20;
  if (handed_over_ < writeback_started_ + k_step) return;
  // Only a hint: where it is not supported the next sync() does all the work.
  static_cast<void>(::sync_file_range(file_.descriptor(), static_cast<off64_t>(writeback_started_),
                                      static_cast<off64_t>(handed_over_ - writeback_started_), SYNC_FILE_RANGE_WRITE));
  writeback_started_ = handed_over_;
}

void RelayFileWriter::cut(std::uint64_t offset) {
  if (offset >= handed_over_) {
    buffered_ = static_cast<std::size_t>(offset - handed_over_);
    return;
  }
  guarded("cutting off a partial transaction", [&] { file_.truncate(offset); });
  handed_over_ = offset;
  buffered_ = 0;
  writeback_started_ = std::min(writeback_started_, offset);
}

void RelayFileWriter::finish() {
  write_out();
  guarded("closing", [&] {
    if (file_.size() != handed_over_) file_.truncate(handed_over_);
  });
}

}  // namespace tributary::relay
