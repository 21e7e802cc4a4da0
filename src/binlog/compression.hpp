#pragma once

#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// Unpacks the compressed block of MariaDB's compressed events (binlog_buf_uncompress, sql/log_event.cc): a head byte,
/// the big-endian length, a zlib stream. Replaces the content of @p out. Memory follows what is in the stream, not
/// the length that it announces. Throws Error 1610 for a damaged block, or one of more than 1 GiB.
void decompress_block(ByteView block, Bytes& out);

}  // namespace tributary::binlog
