#include "relay_directory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include <fmt/core.h>

#include "tributary/util/file.hpp"

namespace tributary::relay {
namespace {

constexpr std::size_t k_list_limit = std::size_t{256} << 20;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Cuts the text before the next @p separator off @p text and returns it.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

constexpr std::string_view k_boot = "# boot ";

/// The line of ".sources" that says in which run of the system it was written; '' where the system does not tell.
std::string boot_line() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  return std::getline(file, id) && !id.empty() ? std::string(k_boot) + id + "\n" : std::string();
}

bool holds(const std::filesystem::path& path, const std::string& content) {
  std::error_code ignored;
  return std::filesystem::file_size(path, ignored) == content.size() && read_file(path, k_list_limit) == content;
}

}  // namespace

RelayDirectory::RelayDirectory(std::filesystem::path directory, std::string base_name)
    : directory_(std::move(directory)), base_name_(std::move(base_name)) {}

std::string RelayDirectory::file_name(std::uint64_t file_number) const {
  return fmt::format("{}.{:06}", base_name_, file_number);
}

std::filesystem::path RelayDirectory::path_of(std::uint64_t file_number) const {
  return directory_ / file_name(file_number);
}

std::filesystem::path RelayDirectory::companion(const char* suffix) const {
  return directory_ / (base_name_ + suffix);
}

std::optional<std::uint64_t> RelayDirectory::number_of(std::string_view name) const {
  if (name.size() <= base_name_.size() + 1 || !name.starts_with(base_name_) || name[base_name_.size()] != '.') {
    return std::nullopt;
  }
  const auto number = parse_number(name.substr(base_name_.size() + 1));
  // Only the way we write it: "base.0000001" is somebody else's.
  if (!number || *number == 0 || name != file_name(*number)) return std::nullopt;
  return number;
}

std::vector<std::uint64_t> RelayDirectory::list() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (const auto number = number_of(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::map<std::uint64_t, RelayFileRecord> RelayDirectory::read_sources() const {
  std::map<std::uint64_t, RelayFileRecord> records;
  if (!std::filesystem::exists(companion(".sources"))) return records;
  const std::string content = read_file(companion(".sources"), k_list_limit);
  std::string_view rest = content;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    RelayFileRecord record;
    record.file_name = take_until(line, '\t');
    record.source_file_name = take_until(line, '\t');
    const auto number = number_of(record.file_name);
    const auto server_id = parse_number(take_until(line, '\t'));
    record.source.server_uuid = take_until(line, '\t');
    record.gtid_before = line;
    if (!number || !server_id || *server_id > UINT32_MAX || record.source_file_name.empty()) continue;
    record.file_number = *number;
    record.source.server_id = static_cast<std::uint32_t>(*server_id);
    records[*number] = std::move(record);
  }
  return records;
}

bool RelayDirectory::is_of_another_boot() const {
  const std::string own = boot_line();
  if (own.empty() || !std::filesystem::exists(companion(".sources"))) return false;
  const std::string content = read_file(companion(".sources"), k_list_limit);
  const std::size_t line = content.rfind(k_boot);
  return line != std::string::npos && content.substr(line) != own;
}

void RelayDirectory::write_sources(const std::vector<RelayFileRecord>& records) const {
  std::string content;
  for (const RelayFileRecord& record : records) {
    content += fmt::format("{}\t{}\t{}\t{}{}{}\n", record.file_name, record.source_file_name, record.source.server_id,
                           record.source.server_uuid, record.gtid_before.empty() ? "" : "\t", record.gtid_before);
  }
  content += boot_line();
  if (!holds(companion(".sources"), content)) replace_file(companion(".sources"), content);
}

void RelayDirectory::remove_lists() const {
  for (const char* const suffix : {".sources", ".index"}) std::filesystem::remove(companion(suffix));
  sync_directory(directory_);
}

void RelayDirectory::write_index(const std::vector<RelayFileRecord>& records) const {
  std::string content;
  for (const RelayFileRecord& record : records) content += fmt::format("./{}\n", record.file_name);
  if (holds(companion(".index"), content)) return;
  // Replaced in one step, but not synced: it is for people and tools, and written again when the log is opened.
  const std::filesystem::path temporary = companion(".index.new");
  {
    File file(temporary, File::Mode::create);
    file.truncate(0);
    file.write_at(0, as_bytes(content));
  }
  std::filesystem::rename(temporary, companion(".index"));
}

void RelayDirectory::write_lists(const std::vector<RelayFileRecord>& records) const {
  write_sources(records);
  write_index(records);
}

}  // namespace tributary::relay
