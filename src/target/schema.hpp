#pragma once

#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// Brings the schema `tributary` to the newest version that this program knows and checks it: CheckpointStore::prepare.
void prepare_schema(TargetConnection& connection);

}  // namespace tributary::target
