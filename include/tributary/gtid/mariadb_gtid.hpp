#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::gtid {

/// A MariaDB GTID: "0-1-5" is domain 0, server 1, sequence number 5.
struct MariadbGtid {
  std::uint32_t domain_id = 0;
  std::uint32_t server_id = 0;
  std::uint64_t seq_no = 0;

  /// Throws Error 1941 for anything but three decimal numbers in range, joined by '-'.
  static MariadbGtid parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const MariadbGtid&) const = default;
};

/// A replication position: the last GTID of each domain, as in gtid_slave_pos.
class MariadbGtidPosition {
 public:
  /// Parses "0-1-5,1-2-7"; blanks around the GTIDs are allowed, '' is the empty position.
  /// Throws Error 1941 for bad text, 1943 for two GTIDs of one domain.
  static MariadbGtidPosition parse(std::string_view text);
  /// The text form, domains ascending.
  [[nodiscard]] std::string to_string() const;

  /// @p gtid becomes its domain's last GTID, whatever stood there.
  void update(const MariadbGtid& gtid) { domains_[gtid.domain_id] = gtid; }
  /// The last GTID of @p domain_id; nullopt when the domain has none.
  [[nodiscard]] std::optional<MariadbGtid> find(std::uint32_t domain_id) const;
  /// True when the domain has come to gtid.seq_no or past it. Sequence numbers only grow within a domain, whichever
  /// server they come from.
  [[nodiscard]] bool covers(const MariadbGtid& gtid) const;
  /// True when every GTID of @p other is covered.
  [[nodiscard]] bool covers(const MariadbGtidPosition& other) const;

  [[nodiscard]] bool empty() const { return domains_.empty(); }
  void clear() { domains_.clear(); }
  /// By domain, ascending.
  [[nodiscard]] const std::map<std::uint32_t, MariadbGtid>& domains() const { return domains_; }

  bool operator==(const MariadbGtidPosition&) const = default;

 private:
  std::map<std::uint32_t, MariadbGtid> domains_;
};

}  // namespace tributary::gtid
