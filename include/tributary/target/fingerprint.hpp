#pragma once

#include <compare>
#include <span>
#include <string>

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
/// that was renamed into its place, and from its former self before TRUNCATE or a rebuild; they are left out where
/// the account may not read them (privilege PROCESS), and on MySQL 8 for names that are not ASCII; "innodb ids not
/// readable" stands there then. k_absent when there is no such object. The session's settings
/// are as before on return. @throws TargetError.
std::string object_definition(TargetConnection& connection, const ObjectName& object,
                              StoredAs stored_as = StoredAs::told);

/// SHA-256 of object_definition() as 64 hexadecimal digits, for a table one of its text, ':' and one of its ids; or
/// k_absent.
std::string object_fingerprint(TargetConnection& connection, const ObjectName& object,
                               StoredAs stored_as = StoredAs::told);

/// @p fingerprints, as fingerprint_objects() gives them, without what the tables' ids have to do with.
std::string without_stored_as(std::string_view fingerprints);

/// Whether they have something to do with tables' ids.
bool tells_stored_as(std::string_view fingerprints);

/// One line per object, "table `db`.`name` <fingerprint>\n", in the order given: what DdlIntent::fingerprint keeps and
/// an error message can show.
std::string fingerprint_objects(TargetConnection& connection, std::span<const ObjectName> objects,
                                StoredAs stored_as = StoredAs::told);

}  // namespace tributary::target
