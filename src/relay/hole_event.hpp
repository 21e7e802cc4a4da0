#pragma once

#include "tributary/binlog/event.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/file.hpp"

namespace tributary::relay {

/// An IGNORABLE event that covers bytes which the source did not send: header, zeros, checksum. Told from an event
/// of the source's by the flag RELAY_LOG, which only a replica sets.
bool is_hole(const binlog::EventHeader& header);

/// Smallest and largest event that covers a hole, in bytes. Larger holes take several events, so that each stays
/// within what mysqlbinlog reads.
std::uint64_t smallest_hole(binlog::ChecksumAlgorithm checksum);
inline constexpr std::uint64_t k_largest_hole = std::uint64_t{16} << 20;

/// Size of the next event that covers a part of a hole of @p remaining bytes (at least smallest_hole()).
std::uint64_t next_hole_size(std::uint64_t remaining, binlog::ChecksumAlgorithm checksum);

/// The header of a hole event of @p size bytes that ends at @p end (its low 32 bits are stored).
Bytes encode_hole_header(std::uint32_t size, std::uint64_t end, std::uint32_t server_id);

/// CRC32 of @p header followed by @p zeros zero bytes, in time proportional to log(zeros).
std::uint32_t hole_checksum(ByteView header, std::uint64_t zeros);

/// Checks the event that covers a hole at @p offset of @p file, whose header was read. It reads as zeros by the way it
/// is made: only its checksum field needs a look.
bool hole_is_intact(const File& file, std::uint64_t offset, const binlog::EventHeader& header,
                    binlog::ChecksumAlgorithm checksum);

}  // namespace tributary::relay
