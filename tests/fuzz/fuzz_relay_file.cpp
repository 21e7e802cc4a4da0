// Any bytes as a relay file: its description, the check of its tail, and the tool that reads it. Where the first byte
// is odd the checksums are made right, so that the check gets past them.

#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tributary/tools/events_command.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/file.hpp"

#include "fuzz.hpp"
#include "relay_recovery.hpp"

namespace {

using namespace tributary;

void mend_checksums(Bytes& file) {
  for (std::size_t at = 4; file.size() - at >= 23;) {
    const auto size = static_cast<std::size_t>(load_little_endian(file.data() + at + 9, 4));
    if (size < 23 || size > file.size() - at) return;
    store_little_endian(file.data() + at + size - 4, crc32(ByteView(file).subspan(at, size - 4)), 4);
    at += size;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  Bytes content(data + 1, data + size);
  if ((data[0] & 1) != 0) mend_checksums(content);
  const int descriptor = memfd_create("relay", 0);
  fuzz::require(descriptor >= 0);
  const std::string path = fmt::format("/proc/self/fd/{}", descriptor);
  File file(path, File::Mode::read_write);
  file.write_at(0, content);
  fuzz::allow_error([&] { static_cast<void>(relay::read_format_description(file, content.size())); });
  fuzz::allow_error([&] {
    const relay::TailScan scan = relay::scan_tail(file, 4);
    fuzz::require(scan.boundary >= 4 && scan.boundary <= content.size());
    // What was found whole is found again when nothing follows it.
    file.truncate(scan.boundary);
    const relay::TailScan again = relay::scan_tail(file, 4);
    fuzz::require(again.boundary == scan.boundary && again.damage.empty());
    file.write_at(0, content);
  });
  for (const bool verify : {false, true}) {
    tools::list_events(
        {.files = {path}, .verify = verify}, [](std::string_view) {}, [](std::string_view) {});
  }
  ::close(descriptor);
  return 0;
}
