#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tributary::relay {

/// Compares two binlog coordinates of one source. File names are "<base>.<number>": numbers compare as numbers, so
/// that 1000000 follows 999999. Names with different bases cannot be compared: nullopt.
std::optional<std::strong_ordering> compare_source_positions(std::string_view file_a, std::uint64_t offset_a,
                                                             std::string_view file_b, std::uint64_t offset_b);

/// True for "<base>.<digits>", which is what MASTER_POS_WAIT demands of a file name.
bool is_binlog_file_name(std::string_view name);

}  // namespace tributary::relay
