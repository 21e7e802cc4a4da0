#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/relay/relay_log.hpp"

namespace tributary::relay {

/// Names of one channel's files in the data directory, and the two files that list them.
class RelayDirectory {
 public:
  RelayDirectory(std::filesystem::path directory, std::string base_name);

  [[nodiscard]] const std::filesystem::path& path() const { return directory_; }
  [[nodiscard]] std::string file_name(std::uint64_t file_number) const;
  [[nodiscard]] std::filesystem::path path_of(std::uint64_t file_number) const;
  /// Numbers of the relay files that exist, ascending.
  [[nodiscard]] std::vector<std::uint64_t> list() const;

  /// What "<base>.sources" says, by file number; empty when the file is missing. Lines it cannot read are left out.
  [[nodiscard]] std::map<std::uint64_t, RelayFileRecord> read_sources() const;
  /// True when the lists were written before the system was started: then what was not synced may be lost, in part.
  /// False where that is not known: the system has whatever was written, when only this program has died.
  [[nodiscard]] bool is_of_another_boot() const;
  /// Replaces "<base>.sources" and "<base>.index", atomically each, where their content changes.
  void write_lists(const std::vector<RelayFileRecord>& records) const;
  void write_sources(const std::vector<RelayFileRecord>& records) const;
  void write_index(const std::vector<RelayFileRecord>& records) const;
  void remove_lists() const;

 private:
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view name) const;
  [[nodiscard]] std::filesystem::path companion(const char* suffix) const;

  std::filesystem::path directory_;
  std::string base_name_;
};

}  // namespace tributary::relay
