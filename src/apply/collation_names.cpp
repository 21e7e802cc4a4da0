#include "collation_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

struct Language {
  std::string_view mysql;    ///< in names of MySQL: "de_pb"; '' when it has none
  std::string_view mariadb;  ///< in names of MariaDB: "german2"; '' when it has none
};

/// In the order of MySQL's numbers 255 to 277 (ai_ci) and 278 to 300 (as_cs); holes are numbers that do not exist.
constexpr std::array<Language, 23> k_first_languages = {{
    {"", ""},           {"de_pb", "german2"}, {"is", "icelandic"},  {"lv", "latvian"},
    {"ro", "romanian"}, {"sl", "slovenian"},  {"pl", "polish"},     {"et", "estonian"},
    {"es", "spanish"},  {"sv", "swedish"},    {"tr", "turkish"},    {"cs", "czech"},
    {"da", "danish"},   {"lt", "lithuanian"}, {"sk", "slovak"},     {"es_trad", "spanish2"},
    {"la", "roman"},    {"", "persian"},      {"eo", "esperanto"},  {"hu", "hungarian"},
    {"hr", "croatian"}, {"", "sinhala"},      {"vi", "vietnamese"},
}};
/// From 310 on, each as ai_ci and as_cs. MariaDB has none of them.
constexpr std::array<std::string_view, 7> k_last_languages = {"nb", "nn", "sr_latn", "bs", "bg", "gl", "mn_cyrl"};
/// In the order of MariaDB's numbers.
constexpr std::array<std::string_view, 25> k_mariadb_languages = {
    "",          "icelandic", "latvian", "romanian",   "slovenian", "polish",     "estonian", "spanish", "swedish",
    "turkish",   "czech",     "danish",  "lithuanian", "slovak",    "spanish2",   "roman",    "persian", "esperanto",
    "hungarian", "sinhala",   "german2", "",           "",          "vietnamese", "croatian"};
constexpr std::array<std::string_view, 5> k_mariadb_character_sets = {"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"};
constexpr std::array<std::string_view, 4> k_mariadb_strengths = {"ai_ci", "ai_cs", "as_ci", "as_cs"};

std::string with_underscore(std::string_view part) {
  return part.empty() ? std::string() : std::string(part) + '_';
}

std::string mysql_0900(std::string_view language, std::string_view strength) {
  return fmt::format("utf8mb4_{}0900_{}", with_underscore(language), strength);
}

std::optional<std::string> mysql_number(std::uint32_t number) {
  constexpr std::uint32_t k_ai_ci = 255;
  constexpr std::uint32_t k_as_cs = 278;
  constexpr std::uint32_t k_last = 310;
  switch (number) {
    case 303:
      return mysql_0900("ja", "as_cs");
    case 304:
      return mysql_0900("ja", "as_cs_ks");
    case 305:
      return mysql_0900("", "as_ci");
    case 306:
      return mysql_0900("ru", "ai_ci");
    case 307:
      return mysql_0900("ru", "as_cs");
    case 308:
      return mysql_0900("zh", "as_cs");
    case 309:
      return mysql_0900("", "bin");
    default:
      break;
  }
  if (number >= k_last && number < k_last + 2 * k_last_languages.size()) {
    return mysql_0900(k_last_languages[(number - k_last) / 2], (number - k_last) % 2 == 0 ? "ai_ci" : "as_cs");
  }
  if (number >= k_as_cs + k_first_languages.size() || number < k_ai_ci) return std::nullopt;
  const std::uint32_t index = number < k_as_cs ? number - k_ai_ci : number - k_as_cs;
  if (index != 0 && k_first_languages[index].mysql.empty()) return std::nullopt;
  return mysql_0900(k_first_languages[index].mysql, number < k_as_cs ? "ai_ci" : "as_cs");
}

std::optional<std::string> uca1400_number(std::uint32_t number) {
  constexpr std::uint32_t k_first = 2048;
  constexpr std::uint32_t k_per_character_set = 256;
  constexpr std::uint32_t k_per_language = 8;
  constexpr std::uint32_t k_nopad = 4;
  if (number < k_first) return std::nullopt;
  const std::uint32_t character_set = (number - k_first) / k_per_character_set;
  const std::uint32_t language = (number - k_first) % k_per_character_set / k_per_language;
  const std::uint32_t strength = number % k_per_language;
  if (character_set >= k_mariadb_character_sets.size() || language >= k_mariadb_languages.size() ||
      (language != 0 && k_mariadb_languages[language].empty())) {
    return std::nullopt;
  }
  return fmt::format("{}_uca1400_{}{}{}", k_mariadb_character_sets[character_set],
                     with_underscore(k_mariadb_languages[language]), (strength & k_nopad) != 0 ? "nopad_" : "",
                     k_mariadb_strengths[strength % k_nopad]);
}

/// The language with the given name on one side.
const Language* find_language(std::string_view name, std::string_view Language::*side) {
  const auto at = std::find_if(k_first_languages.begin(), k_first_languages.end(),
                               [&](const Language& language) { return language.*side == name; });
  return at == k_first_languages.end() ? nullptr : &*at;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  if (text.ends_with('_')) text.remove_suffix(1);
  return true;
}

/// @p rest is what follows "utf8mb4_", with "0900_" in it.
std::vector<std::string> like_mysql(std::string_view rest) {
  const std::size_t version = rest.find("0900_");
  const std::string_view strength = rest.substr(version + 5);
  std::string_view name = rest.substr(0, version);
  if (name.ends_with('_')) name.remove_suffix(1);
  if (name.empty() && strength == "bin") return {"utf8mb4_nopad_bin"};
  const Language* const language = find_language(name, &Language::mysql);
  if (language == nullptr) return {};
  return {fmt::format("utf8mb4_uca1400_{}nopad_{}", with_underscore(language->mariadb), strength)};
}

/// @p rest is what follows "uca1400_".
std::vector<std::string> like_uca1400(std::string_view character_set, std::string_view rest) {
  std::string_view strength;
  for (const std::string_view one : k_mariadb_strengths) {
    if (take_suffix(rest, one)) strength = one;
  }
  const bool nopad = take_suffix(rest, "nopad");
  std::vector<std::string> found;
  if (character_set == "utf8mb4") {
    const Language* const language = find_language(rest, &Language::mariadb);
    if (language != nullptr && (rest.empty() || !language->mysql.empty())) {
      found.push_back(mysql_0900(language->mysql, strength));
    }
  }
  if (!nopad && strength == "ai_ci") {
    found.push_back(rest.empty() ? fmt::format("{}_unicode_520_ci", character_set)
                                 : fmt::format("{}_{}_ci", character_set, rest));
  }
  return found;
}

}  // namespace

std::optional<std::string> collation_by_number(std::uint32_t number) {
  static constexpr std::pair<std::uint32_t, std::string_view> k_single[] = {
      {576, "utf8mb3_croatian_ci"},       {577, "utf8mb3_myanmar_ci"},
      {578, "utf8mb3_thai_520_w2"},       {608, "utf8mb4_croatian_ci"},
      {609, "utf8mb4_myanmar_ci"},        {610, "utf8mb4_thai_520_w2"},
      {1032, "latin1_swedish_nopad_ci"},  {1057, "utf8mb3_general_nopad_ci"},
      {1069, "utf8mb4_general_nopad_ci"}, {1070, "utf8mb4_nopad_bin"},
      {1071, "latin1_nopad_bin"},         {1107, "utf8mb3_nopad_bin"},
      {1216, "utf8mb3_unicode_nopad_ci"}, {1238, "utf8mb3_unicode_520_nopad_ci"},
      {1248, "utf8mb4_unicode_nopad_ci"}, {1270, "utf8mb4_unicode_520_nopad_ci"},
      {248, "gb18030_chinese_ci"},        {249, "gb18030_bin"},
      {250, "gb18030_unicode_520_ci"},    {76, "utf8mb3_tolower_ci"},
  };
  for (const auto& [single, name] : k_single) {
    if (single == number) return std::string(name);
  }
  if (auto name = mysql_number(number)) return name;
  return uca1400_number(number);
}

bool fits_several_character_sets(std::string_view name) {
  return name.starts_with("uca1400_");
}

std::vector<std::string> like_collations(std::string_view name, std::string_view character_set) {
  std::string_view rest = name;
  if (fits_several_character_sets(name)) {
    rest.remove_prefix(name.find('_') + 1);
    return like_uca1400(character_set, rest);
  }
  for (const std::string_view one : k_mariadb_character_sets) {
    rest = name;
    if (!take_prefix(rest, one) || !take_prefix(rest, "_")) continue;
    if (take_prefix(rest, "uca1400_")) return like_uca1400(one, rest);
    // MySQL's croatian_ci, which MariaDB had to call otherwise beside its own.
    if (rest == "croatian_mysql561_ci") return {fmt::format("{}_croatian_ci", one)};
    if (one != "utf8mb4") return {};
    if (rest.find("0900_") != std::string_view::npos) return like_mysql(rest);
    if (rest == "nopad_bin") return {"utf8mb4_0900_bin"};
    if (rest == "unicode_nopad_ci" || rest == "unicode_520_nopad_ci") return {"utf8mb4_0900_ai_ci"};
  }
  return {};
}

}  // namespace tributary::apply
