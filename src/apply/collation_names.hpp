#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::apply {

/// The name of a collation that only some servers have, by its number: MySQL's utf8mb4_…0900_… (255 to 323), MariaDB's
/// …_uca1400_… (2048 and above), its "nopad" ones (1024 and the number of the one that they are like; only the common
/// ones of Unicode), and a few. nullopt for others. (information_schema.COLLATIONS of MySQL 9.7 and MariaDB 11.8.)
std::optional<std::string> collation_by_number(std::uint32_t number);

/// Whether it is a name of MariaDB without a character set, such as "uca1400_ai_ci".
bool fits_several_character_sets(std::string_view name);

/// What another server may call the collation @p name, or has that is most like it: the first that it has is meant.
/// Empty when there is no such. @p character_set is used for what fits several.
///
/// MySQL's utf8mb4_X_0900_Y are MariaDB's utf8mb4_uca1400_X_nopad_Y, as MariaDB 11.4.5 itself has it (MDEV-20912), and
/// the other way round. MySQL has none like those of MariaDB that ignore blanks at the end, with weights of Unicode 14:
/// of utf8mb4 they become utf8mb4_X_0900_Y too, of other character sets …_unicode_520_ci.
std::vector<std::string> like_collations(std::string_view name, std::string_view character_set);

}  // namespace tributary::apply
