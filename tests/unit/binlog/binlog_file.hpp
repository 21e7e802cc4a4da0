#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// The binlog files in tests/data, made by real servers.
std::vector<std::filesystem::path> binlog_files();
std::filesystem::path binlog_file(const std::string& name);

/// Calls @p visit for each event of a file, the FORMAT_DESCRIPTION included, with its offset.
using EventVisitor = std::function<void(const EventView&, const FormatDescription&, std::uint64_t offset)>;
void for_each_event(const std::filesystem::path& file, const EventVisitor& visit);

/// An event made for a test: header and @p body, no checksum.
Bytes make_event(EventType type, ByteView body, std::uint16_t flags = 0, std::uint32_t server_id = 1);
/// Bytes from hexadecimal digits; blanks and '|' between them are ignored.
Bytes from_hex(const std::string& text);

/// The error number that @p action throws; 0 when it throws none.
int error_of(const std::function<void()>& action);

/// The format of a MariaDB 10.11 server.
const FormatDescription& mariadb();

}  // namespace tributary::binlog
