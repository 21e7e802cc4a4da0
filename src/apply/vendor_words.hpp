#pragma once

#include <cstdint>
#include <string>

#include "work.hpp"

namespace tributary::apply {

/// What an error @p code on a statement that the other vendor's server wrote has probably to do with the vendors, as a
/// clause for its message: "; the source is MariaDB, the target MySQL, which has no sequences". '' where source and
/// target are of one vendor, and for errors that have other reasons. It explains; nothing is decided by it.
std::string vendor_explanation(const SourceStatement& statement, std::uint16_t code);

}  // namespace tributary::apply
