// GTIDs of both kinds, as text and in MySQL's binary form.

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const ByteView bytes(data, size);
  const std::string_view text = as_text(bytes);
  const auto check = [](const gtid::MysqlGtidSet& set) {
    fuzz::require(gtid::MysqlGtidSet::decode(set.encode()) == set);
    fuzz::require(gtid::MysqlGtidSet::parse(set.to_string()) == set);
    fuzz::require(set.contains(set));
    gtid::MysqlGtidSet sum = set;
    sum.add(set);
    fuzz::require(sum == set);
  };
  fuzz::allow_error([&] { check(gtid::MysqlGtidSet::parse(text)); });
  fuzz::allow_error([&] { check(gtid::MysqlGtidSet::decode(bytes)); });
  fuzz::allow_error([&] {
    const auto gtid = gtid::MysqlGtid::parse(text);
    fuzz::require(gtid::MysqlGtid::parse(gtid.to_string()) == gtid);
  });
  fuzz::allow_error([&] {
    const auto position = gtid::MariadbGtidPosition::parse(text);
    fuzz::require(gtid::MariadbGtidPosition::parse(position.to_string()) == position);
    fuzz::require(position.covers(position));
  });
  fuzz::allow_error([&] {
    const auto gtid = gtid::MariadbGtid::parse(text);
    fuzz::require(gtid::MariadbGtid::parse(gtid.to_string()) == gtid);
  });
  if (const auto uuid = gtid::Uuid::parse(text)) fuzz::require(gtid::Uuid::parse(uuid->to_string()) == uuid);
  return 0;
}
