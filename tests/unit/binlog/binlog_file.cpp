#include "binlog_file.hpp"

#include <algorithm>
#include <stdexcept>

#include "tributary/util/error.hpp"
#include "tributary/util/file.hpp"

namespace tributary::binlog {

std::filesystem::path binlog_file(const std::string& name) {
  return std::filesystem::path(TRIBUTARY_TEST_DATA) / "binlogs" / name;
}

std::vector<std::filesystem::path> binlog_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(binlog_file(""))) {
    if (entry.is_regular_file() && entry.path().extension() != ".events") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void for_each_event(const std::filesystem::path& file, const EventVisitor& visit) {
  const std::string content = read_file(file);
  const ByteView bytes = as_bytes(content);
  FormatDescription description;
  for (std::uint64_t offset = k_first_event_offset; offset < bytes.size();) {
    const ByteView rest = bytes.subspan(offset);
    const EventHeader header = EventHeader::decode(rest);
    if (header.event_size > rest.size()) throw std::runtime_error(file.string() + " ends inside an event");
    const ByteView raw = rest.first(header.event_size);
    if (header.type == EventType::format_description) description = FormatDescription::decode(raw);
    visit(EventView(raw, description.checksum), description, offset);
    offset += header.event_size;
  }
}

Bytes make_event(EventType type, ByteView body, std::uint16_t flags, std::uint32_t server_id) {
  ByteWriter writer;
  EventHeader header;
  header.type = type;
  header.flags = flags;
  header.server_id = server_id;
  header.encode(writer);
  writer.bytes(body);
  Bytes event = writer.take();
  finish_event(event, ChecksumAlgorithm::off);
  return event;
}

Bytes from_hex(const std::string& text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != ' ' && c != '|'; });
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

int error_of(const std::function<void()>& action) {
  try {
    action();
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

const FormatDescription& mariadb() {
  static const FormatDescription description = FormatDescription::mariadb("10.11.6-MariaDB");
  return description;
}

}  // namespace tributary::binlog
