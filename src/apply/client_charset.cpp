#include "client_charset.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <type_traits>

#include <iconv.h>

namespace tributary::apply {
namespace {

/// iconv's names of the character sets that a client may have, by the numbers of their collations
/// (information_schema.COLLATIONS of MariaDB 11.8 and MySQL 9.7). latin1 is the servers' name for cp1252. All others
/// are UTF-8, or binary, in which names are taken as they are.
const std::map<std::uint16_t, const char*>& charsets() {
  static const std::map<std::uint16_t, const char*> k_charsets = [] {
    std::map<std::uint16_t, const char*> charsets;
    const auto add = [&charsets](const char* name, std::initializer_list<std::uint16_t> collations) {
      for (const std::uint16_t collation : collations) charsets.emplace(collation, name);
    };
    add("ARMSCII-8", {32, 64});
    add("BIG5", {1, 84});
    add("CP1250", {26, 34, 44, 66, 99});
    add("CP1251", {14, 23, 50, 51, 52});
    add("CP1252", {5, 8, 15, 31, 47, 48, 49, 94});
    add("CP1256", {57, 67});
    add("CP1257", {29, 58, 59});
    add("CP850", {4, 80});
    add("CP852", {40, 81});
    add("CP866", {36, 68});
    add("CP932", {95, 96});
    add("DEC-MCS", {3, 69});
    add("EUC-JP", {12, 91});
    add("EUC-JP-MS", {97, 98});
    add("GB18030", {248, 249, 250});
    add("GB2312", {24, 86});
    add("GBK", {28, 87});
    add("HP-ROMAN8", {6, 72});
    add("ISO-8859-2", {2, 9, 21, 27, 77});
    add("ISO-8859-7", {25, 70});
    add("ISO-8859-8", {16, 71});
    add("ISO-8859-9", {30, 78});
    add("ISO-8859-13", {20, 41, 42, 79});
    add("KOI8-R", {7, 74});
    add("KOI8-U", {22, 75});
    add("MAC-CENTRALEUROPE", {38, 43});
    add("MACINTOSH", {39, 53});
    add("SHIFT_JIS", {13, 88});
    add("TIS-620", {18, 89});
    add("UHC", {19, 85});
    add("", {10, 82, 37, 73, 92, 93});  // swe7, keybcs2, geostd8
    return charsets;
  }();
  return k_charsets;
}

struct Close {
  void operator()(iconv_t descriptor) const { ::iconv_close(descriptor); }
};
using Descriptor = std::unique_ptr<std::remove_pointer_t<iconv_t>, Close>;

}  // namespace

std::optional<std::string> to_utf8(std::string_view text, std::uint16_t client_collation) {
  const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  // MariaDB's variants without padding are the base id + 1024.
  const auto charset = charsets().find(client_collation % 1024);
  if (charset == charsets().end() || client_collation >= 2048) return std::string(text);
  if (*charset->second == '\0') return std::nullopt;
  const iconv_t opened = ::iconv_open("UTF-8", charset->second);
  if (reinterpret_cast<std::intptr_t>(opened) == -1) return std::nullopt;
  const Descriptor descriptor(opened);
  std::string from(text);
  std::string to(text.size() * 4, '\0');
  char* in = from.data();
  char* out = to.data();
  std::size_t in_left = from.size();
  std::size_t out_left = to.size();
  if (::iconv(descriptor.get(), &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1)) return std::nullopt;
  to.resize(to.size() - out_left);
  return to;
}

}  // namespace tributary::apply
