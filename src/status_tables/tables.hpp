#pragma once

#include "tributary/status_tables/catalogue.hpp"

namespace tributary::status_tables {

/// tributary.applier_tables: how the rows of each table are written to the target, and why so.
extern const Table k_applier_tables;

}  // namespace tributary::status_tables
