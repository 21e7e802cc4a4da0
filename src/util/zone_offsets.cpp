#include "tributary/util/zone_offsets.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <fmt/core.h>

#include "tributary/util/utc_text.hpp"

namespace tributary {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// CONVERT_TZ() leaves a time as it is that is none of a TIMESTAMP: the ends of 1970 and 2038.
constexpr int k_first_year = 1971;
constexpr int k_end_year = 2038;
constexpr std::size_t k_months = std::size_t{k_end_year - k_first_year} * 12;
constexpr seconds k_largest_offset = std::chrono::hours(26);

sys_seconds month(std::size_t number) {
  return sys_days(std::chrono::year(k_first_year + static_cast<int>(number / 12)) /
                  std::chrono::month(static_cast<unsigned>(number % 12) + 1) / 1);
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<sys_seconds> time_of(std::string_view text) {
  static constexpr std::string_view k_shape = "0000-00-00 00:00:00";
  if (text.size() < k_shape.size()) return std::nullopt;
  text = text.substr(0, k_shape.size());  // a fraction may follow
  for (std::size_t i = 0; i < k_shape.size(); ++i) {
    const bool fits = k_shape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == k_shape[i];
    if (!fits) return std::nullopt;
  }
  const auto part = [text](std::size_t at, std::size_t length) { return *number_of<int>(text.substr(at, length)); };
  const std::chrono::year_month_day date(std::chrono::year(part(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(8, 2))));
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + std::chrono::hours(part(11, 2)) + std::chrono::minutes(part(14, 2)) + seconds(part(17, 2));
}

/// Of each month; nullopt where @p offsets is no such text.
std::optional<std::vector<seconds>> by_month(std::string_view offsets) {
  std::vector<seconds> months;
  std::optional<seconds> current;
  while (!offsets.empty()) {
    const std::string_view change = offsets.substr(0, offsets.find(' '));
    offsets.remove_prefix(std::min(change.size() + 1, offsets.size()));
    const std::size_t colon = change.find(':');
    if ((colon == std::string_view::npos) == current.has_value()) return std::nullopt;
    if (current) {
      const auto number = number_of<std::size_t>(change.substr(0, colon));
      if (!number || *number <= months.size() || *number >= k_months) return std::nullopt;
      months.resize(*number, *current);
    }
    const auto value = number_of<std::int32_t>(current ? change.substr(colon + 1) : change);
    if (!value) return std::nullopt;
    current = seconds(*value);
  }
  if (!current) return std::nullopt;
  months.resize(k_months, *current);
  return months;
}

}  // namespace

std::string zone_offsets_query() {
  std::string query = "SELECT CONCAT_WS('|'";
  for (std::size_t number = 0; number < k_months; ++number) {
    query += fmt::format(",CONVERT_TZ('{}','+00:00','SYSTEM')", utc_text(month(number)));
  }
  return query + ")";
}

std::optional<std::string> parse_zone_offsets(std::string_view answer) {
  std::string offsets;
  std::optional<seconds> last;
  for (std::size_t number = 0; number < k_months; ++number) {
    const std::string_view text = answer.substr(0, answer.find('|'));
    const auto local = time_of(text);
    if (!local) return std::nullopt;
    const seconds offset = *local - month(number);
    if (std::chrono::abs(offset) > k_largest_offset) return std::nullopt;
    if (!last) {
      offsets = std::to_string(offset.count());
    } else if (offset != *last) {
      offsets += fmt::format(" {}:{}", number, offset.count());
    }
    last = offset;
    if (text.size() == answer.size()) {
      if (number + 1 != k_months) return std::nullopt;
      return offsets;
    }
    answer.remove_prefix(text.size() + 1);
  }
  return std::nullopt;  // there is more
}

std::optional<ZoneDifference> first_zone_difference(std::string_view a, std::string_view b) {
  const auto left = by_month(a);
  const auto right = by_month(b);
  if (!left || !right) return std::nullopt;
  for (std::size_t number = 0; number < k_months; ++number) {
    if ((*left)[number] == (*right)[number]) continue;
    const sys_seconds begin = month(number);
    return ZoneDifference{begin.time_since_epoch().count(), utc_text(begin).substr(0, 7)};
  }
  return std::nullopt;
}

std::optional<std::string> fixed_time_zone(std::string_view offsets) {
  const auto offset = number_of<std::int32_t>(offsets);
  if (!offset || *offset % 60 != 0) return std::nullopt;
  const int minutes = std::abs(*offset) / 60;
  return fmt::format("{}{:02}:{:02}", *offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string time_zone_name_query(std::string_view offsets) {
  const auto months = by_month(offsets);
  if (!months) return {};
  std::string query = "SELECT Name FROM mysql.time_zone_name WHERE Name NOT LIKE 'right/%'";
  for (std::size_t number = 0; number < k_months; ++number) {
    query += fmt::format(" AND CONVERT_TZ('{}','+00:00',Name)='{}'", utc_text(month(number)),
                         utc_text(month(number) + (*months)[number]));
  }
  return query + " ORDER BY Name LIMIT 1";
}

}  // namespace tributary
