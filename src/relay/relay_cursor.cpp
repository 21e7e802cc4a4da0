#include "relay_cursor.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "hole_event.hpp"
#include "relay_recovery.hpp"

namespace tributary::relay {

using binlog::EventHeader;

void FileCursor::fail(const std::string& why) const {
  throw Error(error_code::k_read_relay_log,
              fmt::format("Relay log read failure: channel '{}', relay file {}, offset {}: {}", log_.options.channel,
                          log_.directory.file_name(position_.file_number), position_.offset, why));
}

void FileCursor::open_file() {
  const std::filesystem::path path = log_.directory.path_of(position_.file_number);
  reader_.clear();
  try {
    file_ = File(path, File::Mode::read);
  } catch (const std::system_error& error) {
    fail(error.what());
  }
  // In mid-file the description that governs what follows stands at the start.
  if (position_.offset > binlog::k_first_event_offset) description_ = read_format_description(file_, file_.size());
}

bool FileCursor::refresh() {
  using Kind = RelayLog::Implementation::FileView::Kind;
  for (;;) {
    RelayLog::Implementation::FileView view = log_.view_of(position_.file_number);
    if (view.kind == Kind::not_yet) return false;
    if (view.kind == Kind::purged) {
      if (!file_.is_open()) fail("the file was purged");
      // Open files outlive their names, and only closed files are purged.
      view.limit = file_.size();
      view.closed = true;
    }
    position_.file_number = view.number;
    if (position_.offset < view.limit) {
      if (!file_.is_open()) open_file();
      limit_ = view.limit;
      return true;
    }
    if (!view.closed) return false;
    if (position_.offset > view.limit)
      fail(fmt::format("the position lies beyond the end of the file ({})", view.limit));
    position_ = {position_.file_number + 1, binlog::k_first_event_offset};
    file_ = File();
  }
}

std::optional<RelayEvent> FileCursor::next() {
  for (;;) {
    if ((!file_.is_open() || position_.offset >= limit_) && !refresh()) return std::nullopt;
    try {
      const std::uint64_t remaining = limit_ - position_.offset;
      const auto head_size = static_cast<std::size_t>(std::min<std::uint64_t>(EventHeader::k_length, remaining));
      const EventHeader header = EventHeader::decode(reader_.view(file_, position_.offset, head_size, limit_));
      if (header.event_size > remaining) {
        fail(fmt::format("a {} event says that it has {} bytes where {} are left", binlog::event_type_name(header.type),
                         header.event_size, remaining));
      }
      const RelayPosition end{position_.file_number, position_.offset + header.event_size};
      if (is_hole(header)) {
        if (!hole_is_intact(file_, position_.offset, header, description_.checksum)) {
          fail("an event that covers a hole is damaged");
        }
        position_ = end;
        continue;
      }
      const ByteView raw = reader_.view(file_, position_.offset, header.event_size, limit_);
      if (raw.size() != header.event_size) fail("the file is shorter than what was received");
      if (header.type == binlog::EventType::format_description) description_ = binlog::FormatDescription::decode(raw);
      // It was right when it was received: what does not match now was damaged here, on the device or by other hands.
      if (!binlog::EventView(raw, description_.checksum).checksum_matches()) {
        fail(fmt::format("the checksum of a {} event of {} bytes does not match: the file is damaged",
                         binlog::event_type_name(header.type), header.event_size));
      }
      const RelayEvent event{position_, end, raw};
      position_ = end;
      return event;
    } catch (const Error& error) {
      if (error.code() == error_code::k_read_relay_log) throw;
      fail(error.what());
    } catch (const std::system_error& error) {
      fail(error.what());
    }
  }
}

}  // namespace tributary::relay
