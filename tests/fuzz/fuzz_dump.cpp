// Any bytes as what a source sends after COM_BINLOG_DUMP: the compressed protocol, packets, and what the receiver makes
// of the events. Whatever was stored must be what a restart finds.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tributary/relay/relay_log.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/log.hpp"

#include "byte_source.hpp"
#include "dump_packet.hpp"
#include "dump_stream.hpp"
#include "fuzz.hpp"
#include "memory_catalogue.hpp"
#include "packet_stream.hpp"
#include "receive_error.hpp"

namespace {

using namespace tributary;

/// Bytes that arrive a few at a time; after the last the connection is closed.
class ArrivingBytes final : public source::ByteSource {
 public:
  ArrivingBytes(ByteView bytes, std::size_t at_a_time) : bytes_(bytes), at_a_time_(at_a_time) {}
  std::optional<std::size_t> read(std::span<std::uint8_t> into) override {
    if (bytes_.empty()) throw source::ReceiveError(source::Remedy::reconnect, 2013, "closed");
    const std::size_t count = std::min({at_a_time_, into.size(), bytes_.size()});
    std::copy_n(bytes_.begin(), count, into.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  ByteView bytes_;
  std::size_t at_a_time_;
};

/// A directory for relay logs, in memory where the system has such a place.
const std::filesystem::path& directory() {
  static const std::filesystem::path path = [] {
    log_open("/dev/null", LogLevel::error);
    const std::filesystem::path memory = "/dev/shm";
    std::string name =
        (std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) / "fuzz-XXXXXX";
    fuzz::require(mkdtemp(name.data()) != nullptr);
    static const std::string made = name;
    std::atexit([] { std::filesystem::remove_all(made); });
    return std::filesystem::path(made);
  }();
  return path;
}

relay::RelayLogOptions log_options() {
  return {.directory = directory(), .base_name = "relay", .channel = "c"};
}

/// The receiver around a stream: what it does with errors, and with a connection that ended.
class Channel {
 public:
  explicit Channel(std::uint8_t choice) {
    for (const auto& entry : std::filesystem::directory_iterator(directory())) std::filesystem::remove(entry.path());
    log_.emplace(log_options(), catalogue_);
    stream_.emplace(*log_, "fuzz");
    probe_.mariadb = (choice & 1) != 0;
    probe_.answers.server_id = 1;
    if (!probe_.mariadb) probe_.answers.server_uuid = "00000000-0000-0000-0000-000000000001";
    probe_.checksum = (choice & 2) != 0 ? binlog::ChecksumAlgorithm::crc32 : binlog::ChecksumAlgorithm::off;
    by_gtid_ = (choice & 4) != 0;
    begin();
  }

  /// False: the receiver would have ended.
  bool on_event(ByteView event) {
    try {
      stream_->on_event(event);
    } catch (const source::ReceiveError& error) {
      if (error.remedy() == source::Remedy::give_up) return false;
      begin();
    } catch (const Error&) {
      return false;
    }
    return true;
  }

  /// Ends the receiver, perhaps in the middle of a transaction, and opens the log again.
  void restart() {
    fuzz::allow_error([&] { stream_->start_over(); });
    log_->sync();
    const relay::ReceivePosition before = log_->received_end();
    stream_.reset();
    log_.reset();
    log_.emplace(log_options(), catalogue_);
    const relay::ReceivePosition after = log_->received_end();
    fuzz::require(before.offset == after.offset && before.source_file_name == after.source_file_name);
    // All of it can be read.
    const auto cursor = log_->open_cursor({});
    while (cursor->next()) {
    }
  }

 private:
  void begin() {
    source::DumpStart start;
    const relay::ReceivePosition received = log_->received_end();
    start.file = received.source_file_name;
    start.position = stream_->inside_transaction() ? log_->write_end() : std::max<std::uint64_t>(received.offset, 4);
    if (by_gtid_) {
      stream_->start_over();
      if (probe_.mariadb) {
        start.by = source::DumpStart::By::gtid;
        start.gtid_state = stream_->gtid_position();
        start.skipped_state = start.gtid_state;
      } else {
        start.by = source::DumpStart::By::gtid_set;
        if (!stream_->gtid_set()) stream_->set_gtid_set({});
        start.gtid_set = *stream_->gtid_set();
        start.requires_gtids = true;
      }
    }
    stream_->begin(probe_, start);
  }

  test::MemoryCatalogue catalogue_;
  std::optional<relay::RelayLog> log_;
  std::optional<source::DumpStream> stream_;
  source::SourceProbe probe_;
  bool by_gtid_ = false;
};

/// The bytes are packets.
void receive_packets(Channel& channel, ByteView bytes, bool compressed, std::size_t at_a_time) {
  std::unique_ptr<source::ByteSource> arriving = std::make_unique<ArrivingBytes>(bytes, at_a_time);
  if (compressed) arriving = source::make_decompressing_source(std::move(arriving));
  const source::StopSignal stop{std::stop_token()};
  source::PacketStream packets(std::move(arriving), -1, stop, 1);
  fuzz::allow_error([&] {
    for (;;) {
      while (const auto payload = packets.next()) {
        if (!channel.on_event(source::event_of(*payload))) return;
      }
      packets.read_arrived();
    }
  });
}

/// The bytes are events, whose sizes and checksums are made right; those that are made up get the flag that says so.
void receive_events(Channel& channel, ByteView bytes, bool checksums) {
  while (bytes.size() >= binlog::EventHeader::k_length) {
    auto size = static_cast<std::size_t>(load_little_endian(bytes.data() + 9, 4));
    if (size < binlog::EventHeader::k_length + binlog::k_checksum_length || size > bytes.size()) size = bytes.size();
    Bytes event(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    store_little_endian(event.data() + 9, size, 4);
    if (checksums && size >= binlog::EventHeader::k_length + binlog::k_checksum_length) {
      const std::size_t content = size - binlog::k_checksum_length;
      store_little_endian(event.data() + content, crc32(ByteView(event).first(content)), 4);
    }
    if (!channel.on_event(event)) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t choice = data[0];
  const ByteView bytes(data + 2, size - 2);
  Channel channel(choice);
  if ((choice & 8) != 0) {
    receive_packets(channel, bytes, (choice & 16) != 0, std::size_t{1} + data[1]);
  } else {
    receive_events(channel, bytes, (choice & 2) != 0);
  }
  channel.restart();
  return 0;
}
