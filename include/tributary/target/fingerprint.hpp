#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tributary/target/target_server.hpp"

namespace tributary::target {

enum class ObjectKind { database, table /* also view and sequence */, procedure, function, trigger, event, user };

/// An object of the target that a DDL may touch.
struct ObjectName {
  ObjectKind kind = ObjectKind::table;
  std::string database;  ///< the host part for a user; unused for a database
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
};

/// What object_fingerprint() says of an object that does not exist.
inline constexpr std::string_view k_absent = "absent";

/// Whether a table's definition is to tell the ids under which InnoDB stores it: the server reads its whole dictionary
/// for them, which takes seconds where there are many tables.
enum class StoredAs { told, left_out };

/// The object's definition in a normal form: the server's SHOW CREATE, without what DML changes (AUTO_INCREMENT=n),
/// and for a table the ids under which InnoDB stores it and its partitions. Those ids tell a table from another one
/// that was renamed into its place, and from its former self before TRUNCATE or a rebuild, and go with it when it is
/// renamed; they are left out where
/// the account may not read them (privilege PROCESS), and on MySQL 8 for names that are not ASCII; "innodb ids not
/// readable" stands there then. k_absent when there is no such object. The session's settings
/// are as before on return. @throws TargetError.
std::string object_definition(TargetConnection& connection, const ObjectName& object,
                              StoredAs stored_as = StoredAs::told);

/// SHA-256 of object_definition() as 64 hexadecimal digits, for a table one of its text, ':' and one of its ids; or
/// k_absent.
std::string object_fingerprint(TargetConnection& connection, const ObjectName& object,
                               StoredAs stored_as = StoredAs::told);

/// One line per object, "table `db`.`name` <fingerprint>\n", in the order given: what DdlIntent::fingerprint keeps and
/// an error message can show.
std::string fingerprint_objects(TargetConnection& connection, std::span<const ObjectName> objects,
                                StoredAs stored_as = StoredAs::told);

/// A line of fingerprint_objects(); the views are into it.
struct FingerprintLine {
  std::string_view object;      ///< "table `db`.`name`"
  std::string_view definition;  ///< k_absent, or the hash of its text
  std::string_view stored_as;   ///< the hash of the table's ids; empty where there are none
};
std::vector<FingerprintLine> fingerprint_lines(std::string_view fingerprints);

/// Whether @p fingerprints has a line of one of @p objects, in whatever case.
bool names_one_of(std::string_view fingerprints, std::span<const ObjectName> objects);

}  // namespace tributary::target
