// What a client sends: packets in pieces of any size, the answer to the greeting, a change of user; what a source
// sends: a packet of a dump.

#include <algorithm>

#include "tributary/wire/handshake.hpp"
#include "tributary/wire/packet.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const ByteView bytes(data, size);
  fuzz::allow_error([&] { static_cast<void>(wire::parse_handshake_response(bytes)); });
  if (size < 4) return 0;
  const auto capabilities = static_cast<std::uint32_t>(load_little_endian(data, 4));
  fuzz::allow_error([&] { static_cast<void>(wire::parse_change_user(bytes.subspan(4), capabilities)); });

  static constexpr std::size_t k_most = 4096;
  wire::PacketReader reader(k_most);
  const std::size_t piece = 1 + data[0] % 64;
  fuzz::allow_error([&] {
    for (ByteView rest = bytes.subspan(1); !rest.empty();) {
      const std::size_t count = std::min(piece, rest.size());
      reader.feed(rest.first(count));
      rest = rest.subspan(count);
      while (const auto payload = reader.next()) {
        fuzz::require(payload->size() <= k_most);
        // What was read is written as it was read.
        wire::PacketWriter writer;
        writer.add(*payload);
        wire::PacketReader again(k_most);
        again.feed(writer.view());
        fuzz::require(again.next() == payload);
      }
    }
  });
  return 0;
}
