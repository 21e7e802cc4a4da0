#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include <openssl/evp.h>

#include "tributary/util/bytes.hpp"
#include "tributary/util/file.hpp"

namespace tributary::target {

/// The format description, table maps and inserted rows of a binlog file, as one BINLOG statement.
inline std::string binlog_statement(const std::filesystem::path& file) {
  constexpr std::array<std::uint8_t, 3> k_types{15, 19, 23};  // FORMAT_DESCRIPTION, TABLE_MAP, WRITE_ROWS_V1
  constexpr std::size_t k_magic = 4;
  constexpr std::size_t k_header = 19;
  const std::string content = read_file(file);
  ByteReader reader(as_bytes(content));
  reader.skip(k_magic);
  std::string statement = "BINLOG '\n";
  while (reader.remaining() >= k_header) {
    const std::size_t start = reader.position();
    reader.skip(4);
    const std::uint8_t type = reader.u8();
    reader.skip(4);
    const std::uint32_t size = reader.u32();
    reader.skip(size - 13);
    if (std::find(k_types.begin(), k_types.end(), type) == k_types.end()) continue;
    std::string base64((size + 2) / 3 * 4, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                    reinterpret_cast<const unsigned char*>(content.data()) + start, static_cast<int>(size));
    statement += base64 + "\n";
  }
  return statement + "'";
}

}  // namespace tributary::target
