// MySQL's binary JSON: a document, changes to it, and a text: u16 length of the document, the document, the rest.

#include <algorithm>

#include "tributary/binlog/json.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  if (size < 2) return 0;
  const ByteView bytes = ByteView(data, size).subspan(2);
  const std::size_t length = std::min<std::size_t>(load_little_endian(data, 2), bytes.size());
  const ByteView document = bytes.first(length);
  std::string text;
  fuzz::allow_error([&] { binlog::append_json_text(document, text); });
  fuzz::allow_error([&] { static_cast<void>(binlog::apply_json_diffs(document, bytes.subspan(length))); });
  fuzz::allow_error([&] {
    // What is made from a text reads as a document again, and that one's text makes the same.
    const Bytes made = binlog::json_from_text(as_text(bytes));
    std::string again;
    binlog::append_json_text(made, again);
    fuzz::require(binlog::json_from_text(again) == made);
  });
  return 0;
}
