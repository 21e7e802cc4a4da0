#include "tributary/relay/source_position.hpp"

#include <charconv>

namespace tributary::relay {
namespace {

struct BinlogName {
  std::string_view base;
  std::uint64_t number = 0;
};

std::optional<BinlogName> split(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const std::string_view digits = name.substr(dot + 1);
  BinlogName result{name.substr(0, dot), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.number);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

}  // namespace

std::optional<std::strong_ordering> compare_source_positions(std::string_view file_a, std::uint64_t offset_a,
                                                             std::string_view file_b, std::uint64_t offset_b) {
  if (file_a == file_b) return offset_a <=> offset_b;
  const auto a = split(file_a);
  const auto b = split(file_b);
  if (!a || !b || a->base != b->base) return std::nullopt;
  if (a->number != b->number) return a->number <=> b->number;
  return offset_a <=> offset_b;
}

bool is_binlog_file_name(std::string_view name) {
  return split(name).has_value();
}

}  // namespace tributary::relay
