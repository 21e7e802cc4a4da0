#include "tributary/apply/statement_rewrite.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "word_search.hpp"

namespace tributary::apply {
namespace {

bool has_word(std::string_view text, std::string_view word) {
  return find_word(text, word) != std::string_view::npos;
}

bool may_name_collation(std::string_view statement) {
  static constexpr std::string_view k_words[] = {"0900_", "uca1400_", "nopad_", "_mysql561_"};
  return std::any_of(std::begin(k_words), std::end(k_words),
                     [&](std::string_view word) { return has_word(statement, word); });
}

/// The name that a word, an identifier or a string stands for.
std::string name_of(const SqlToken& token) {
  if (token.kind != TokenKind::text || token.raw.size() < 2) return token.name();
  return std::string(token.raw.substr(1, token.raw.size() - 2));
}

/// The object whose definition a statement is.
enum class Defined { nothing, new_table, old_table, database };

Defined defined_object(std::string_view statement, const SqlDialect& dialect) {
  static constexpr std::string_view k_between[] = {"OR", "REPLACE", "TEMPORARY", "ONLINE", "OFFLINE", "IGNORE"};
  SqlTokenizer tokenizer(statement, dialect);
  SqlToken token = tokenizer.next();
  const bool creates = token.is("CREATE");
  if (!creates && !token.is("ALTER")) return Defined::nothing;
  do {
    token = tokenizer.next();
  } while (std::any_of(std::begin(k_between), std::end(k_between), [&](auto word) { return token.is(word); }));
  if (token.is("TABLE")) return creates ? Defined::new_table : Defined::old_table;
  return token.is("DATABASE") || token.is("SCHEMA") ? Defined::database : Defined::nothing;
}

/// Follows a statement's tokens: which names of character sets and collations are about the same thing.
class NameGroups {
 public:
  static constexpr std::size_t k_whole = 0;  ///< the options of the table or database

  explicit NameGroups(Defined object) : object_(object) {}

  void feed(const SqlToken& token) {
    if (token.is('(')) {
      levels_.push_back(++last_);
    } else if (token.is(')')) {
      if (levels_.size() > 1) levels_.pop_back();
    } else if (token.is(',')) {
      levels_.back() = ++last_;
      if (levels_.size() == 1) in_column_ = false;
    } else if (levels_.size() <= 2 && (token.is("SELECT") || token.is("WITH"))) {
      in_query_ = in_query_ || object_ == Defined::new_table;
    } else if (levels_.size() == 1 && object_ == Defined::old_table) {
      in_column_ = in_column_ || token.is("ADD") || token.is("MODIFY") || token.is("CHANGE");
    }
  }
  [[nodiscard]] bool defines() const { return object_ != Defined::nothing && !in_query_ && levels_.size() <= 2; }
  [[nodiscard]] std::size_t group() const {
    return defines() && levels_.size() == 1 && !in_column_ ? k_whole : levels_.back();
  }

 private:
  Defined object_;
  std::vector<std::size_t> levels_{1};  ///< the group at each level of open parentheses
  std::size_t last_ = 1;
  bool in_column_ = false;  ///< of ALTER TABLE
  bool in_query_ = false;   ///< of CREATE TABLE … SELECT
};

/// What stands behind COLLATE, CHARACTER SET or CHARSET.
struct CollationMention {
  SqlToken name;
  bool is_collation = false;
  bool defines = false;
  std::size_t group = 0;
};

std::vector<CollationMention> collation_mentions(std::string_view statement, const SqlDialect& dialect) {
  std::vector<CollationMention> mentions;
  NameGroups groups(defined_object(statement, dialect));
  SqlTokenizer tokenizer(statement, dialect);
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end;) {
    groups.feed(token);
    const bool collation = token.is("COLLATE");
    // CHARACTER SET utf8mb4, CHARSET=utf8mb4
    bool set = token.is("CHARSET");
    const bool character = token.is("CHARACTER") || token.is("CHAR");
    token = tokenizer.next();
    if (character && token.is("SET")) {
      set = true;
      token = tokenizer.next();
    }
    if (!collation && !set) continue;
    if (token.is('=')) token = tokenizer.next();
    if (!token.is_identifier() && token.kind != TokenKind::text) continue;
    mentions.push_back({token, collation, groups.defines(), groups.group()});
    token = tokenizer.next();
  }
  return mentions;
}

/// The character set that a group names for what stands at @p place, before it or else behind it; '' for none.
std::string character_set_of(const std::vector<CollationMention>& mentions, std::size_t group, const char* place) {
  std::string character_set;
  for (const CollationMention& mention : mentions) {
    if (mention.group != group || mention.is_collation) continue;
    if (character_set.empty() || mention.name.raw.data() < place) character_set = name_of(mention.name);
  }
  if (!character_set.empty()) return character_set;
  for (const CollationMention& mention : mentions) {
    const std::string name = name_of(mention.name);
    // MariaDB's names that begin so fit several character sets.
    if (mention.group == group && mention.is_collation && !has_word(name, "uca1400_")) {
      character_set = name.substr(0, name.find('_'));
    }
  }
  return character_set;
}

}  // namespace

std::string without_start_transaction(std::string_view statement, const SqlDialect& dialect) {
  std::string text(statement);
  SqlTokenizer tokenizer(statement, dialect);
  if (!tokenizer.next().is("CREATE") || !tokenizer.next().is("TABLE")) return text;
  // An option of the table, beside others; what is quoted or in parentheses only looks like it.
  int depth = 0;
  SqlToken before;
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    if (depth == 0 && before.is("START") && token.is("TRANSACTION")) {
      const auto begin = static_cast<std::size_t>(before.raw.data() - statement.data());
      const auto end = static_cast<std::size_t>(token.raw.data() + token.raw.size() - statement.data());
      return text.erase(begin, end - begin);
    }
    before = token;
  }
  return text;
}

std::string character_set_of_table(std::string_view definition, const SqlDialect& dialect) {
  return character_set_of(collation_mentions(definition, dialect), NameGroups::k_whole,
                          definition.data() + definition.size());
}

std::string with_collations(std::string_view statement, const SqlDialect& dialect, const FindCollation& find) {
  if (!may_name_collation(statement)) return std::string(statement);
  const auto mentions = collation_mentions(statement, dialect);
  std::string text;
  std::size_t copied = 0;
  for (const CollationMention& mention : mentions) {
    if (!mention.is_collation) continue;
    const char* const at = mention.name.raw.data();
    CollationPlace place{character_set_of(mentions, mention.group, at), mention.defines};
    if (place.character_set.empty() && place.defines) {
      place.character_set = character_set_of(mentions, NameGroups::k_whole, at);
    }
    if (const auto name = find(name_of(mention.name), place)) {
      const auto begin = static_cast<std::size_t>(mention.name.raw.data() - statement.data());
      text.append(statement.substr(copied, begin - copied)).append(*name);
      copied = begin + mention.name.raw.size();
    }
  }
  return text.append(statement.substr(copied));
}

}  // namespace tributary::apply
