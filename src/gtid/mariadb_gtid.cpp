#include "tributary/gtid/mariadb_gtid.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

constexpr std::uint16_t k_incorrect_gtid_state = 1941;   // ER_INCORRECT_GTID_STATE
constexpr std::uint16_t k_duplicate_gtid_domain = 1943;  // ER_DUPLICATE_GTID_DOMAIN
constexpr std::string_view k_blanks = " \t\r\n";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(k_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blanks) - first + 1);
}

[[noreturn]] void throw_incorrect(std::string_view text) {
  throw Error(k_incorrect_gtid_state,
              fmt::format("Could not parse GTID list: '{:.200}' is not of the form domain-server-sequence", text));
}

/// Takes a number from the front of @p rest and, unless it is the last one, the '-' behind it.
template <typename Number>
Number take_number(std::string_view& rest, bool last, std::string_view whole) {
  Number number = 0;
  const char* const end = rest.data() + rest.size();
  const auto [next, error] = std::from_chars(rest.data(), end, number);
  if (error != std::errc{} || (last ? next != end : next == end || *next != '-')) throw_incorrect(whole);
  rest.remove_prefix(static_cast<std::size_t>(next - rest.data()) + (last ? 0 : 1));
  return number;
}

}  // namespace

MariadbGtid MariadbGtid::parse(std::string_view text) {
  std::string_view rest = without_blanks(text);
  MariadbGtid gtid;
  gtid.domain_id = take_number<std::uint32_t>(rest, false, text);
  gtid.server_id = take_number<std::uint32_t>(rest, false, text);
  gtid.seq_no = take_number<std::uint64_t>(rest, true, text);
  return gtid;
}

std::string MariadbGtid::to_string() const {
  return fmt::format("{}-{}-{}", domain_id, server_id, seq_no);
}

MariadbGtidPosition MariadbGtidPosition::parse(std::string_view text) {
  MariadbGtidPosition position;
  if (without_blanks(text).empty()) return position;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const MariadbGtid gtid = MariadbGtid::parse(text.substr(begin, end - begin));
    if (const auto [at, added] = position.domains_.emplace(gtid.domain_id, gtid); !added) {
      throw Error(k_duplicate_gtid_domain, fmt::format("GTID {} and {} conflict (duplicate domain id {})",
                                                       gtid.to_string(), at->second.to_string(), gtid.domain_id));
    }
    begin = end + 1;
  }
  return position;
}

std::string MariadbGtidPosition::to_string() const {
  std::string text;
  for (const auto& [domain, gtid] : domains_) {
    if (!text.empty()) text += ',';
    text += gtid.to_string();
  }
  return text;
}

std::optional<MariadbGtid> MariadbGtidPosition::find(std::uint32_t domain_id) const {
  const auto at = domains_.find(domain_id);
  if (at == domains_.end()) return std::nullopt;
  return at->second;
}

bool MariadbGtidPosition::covers(const MariadbGtid& gtid) const {
  const auto at = domains_.find(gtid.domain_id);
  return at != domains_.end() && at->second.seq_no >= gtid.seq_no;
}

bool MariadbGtidPosition::covers(const MariadbGtidPosition& other) const {
  return std::all_of(other.domains_.begin(), other.domains_.end(),
                     [this](const auto& entry) { return covers(entry.second); });
}

}  // namespace tributary::gtid
