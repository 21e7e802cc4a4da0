#include "ignored_constraints.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace tributary::apply {
namespace {

/// Blanks constraints out of a definition. Its grammar is that of sql/sql_yacc.yy (MySQL 5.6 to 8.4, MariaDB 10.4); the
/// words it looks for are reserved, so that a name is none of them unless it is quoted or stands behind a '.'.
class ConstraintRemover {
 public:
  ConstraintRemover(std::string_view statement, const SqlDialect& dialect, IgnoredConstraints ignored)
      : statement_(statement), ignored_(ignored), text_(statement) {
    SqlTokenizer tokenizer(statement, dialect);
    for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
      tokens_.push_back(token);
    }
  }

  std::string run() {
    static constexpr std::string_view k_between[] = {"OR", "REPLACE", "TEMPORARY", "ONLINE", "OFFLINE", "IGNORE"};
    skip_settings();
    const bool creates = accept("CREATE");
    if (!creates && !accept("ALTER")) return text_;
    while (std::any_of(std::begin(k_between), std::end(k_between), [&](auto word) { return accept(word); })) {
    }
    if (!accept("TABLE")) return text_;
    skip_condition();
    skip_name();
    if (!creates) {
      if (accept("WAIT")) ++at_;
      accept("NOWAIT");
      elements();
    } else if (is(at_, '(')) {
      parenthesized_elements(at_);
    }
    return text_;
  }

 private:
  [[nodiscard]] const SqlToken& token(std::size_t at) const {
    static const SqlToken k_end;
    return at < tokens_.size() ? tokens_[at] : k_end;
  }
  [[nodiscard]] bool is(std::size_t at, std::string_view keyword) const { return token(at).is(keyword); }
  [[nodiscard]] bool is(std::size_t at, char character) const { return token(at).is(character); }
  bool accept(std::string_view keyword) {
    if (!is(at_, keyword)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end_of_element() const { return at_ >= tokens_.size() || is(at_, ',') || is(at_, ')'); }

  /// MariaDB's SET STATEMENT … FOR, also several of them.
  void skip_settings() {
    while (is(at_, ';') || (is(at_, "SET") && is(at_ + 1, "STATEMENT"))) {
      if (is(at_, "SET")) {
        while (at_ < tokens_.size() && !is(at_, "FOR")) at_ = is(at_, '(') ? behind_parentheses(at_) : at_ + 1;
      }
      ++at_;
    }
  }
  /// IF EXISTS and IF NOT EXISTS
  void skip_condition() {
    if (!accept("IF")) return;
    accept("NOT");
    accept("EXISTS");
  }
  /// [database .] name
  void skip_name() {
    if (!is(at_, '.')) ++at_;
    if (is(at_, '.')) at_ += 2;
  }
  /// What stands behind the parentheses that open at @p at.
  [[nodiscard]] std::size_t behind_parentheses(std::size_t at) const {
    int depth = 0;
    do {
      if (is(at, '(')) ++depth;
      if (is(at, ')')) --depth;
      ++at;
    } while (depth > 0 && at < tokens_.size());
    return at;
  }
  /// What stands behind a [CONSTRAINT [name]] CHECK (…) at @p at; nullopt where there is none.
  [[nodiscard]] std::optional<std::size_t> behind_check(std::size_t at) const {
    if (!ignored_.check) return std::nullopt;
    if (is(at, "CONSTRAINT")) {
      ++at;
      if (!is(at, "CHECK") && token(at).is_identifier()) ++at;
    }
    if (!is(at, "CHECK") || !is(at + 1, '(')) return std::nullopt;
    return behind_parentheses(at + 1);
  }

  /// Token by token: what begins or ends an executable comment between them stays.
  void blank(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < std::min(end, tokens_.size()); ++at) {
      const std::string_view raw = tokens_[at].raw;
      const auto place = static_cast<std::size_t>(raw.data() - statement_.data());
      std::fill_n(text_.begin() + static_cast<std::ptrdiff_t>(place), raw.size(), ' ');
    }
  }

  /// REFERENCES table [(columns)] [MATCH …] [ON DELETE …] [ON UPDATE …]
  void remove_references() {
    const std::size_t begin = at_++;
    skip_name();
    if (is(at_, '(')) at_ = behind_parentheses(at_);
    if (is(at_, "MATCH")) at_ += 2;
    while (is(at_, "ON") && (is(at_ + 1, "DELETE") || is(at_ + 1, "UPDATE"))) {
      at_ += 2;
      at_ += is(at_, "SET") || is(at_, "NO") ? 2 : 1;
    }
    blank(begin, at_);
  }

  /// Removes from the definition of a column, an index or anything else, up to its end.
  void within_element() {
    bool foreign_key = false;
    while (!at_end_of_element()) {
      if (is(at_, '.')) {
        at_ += 2;
      } else if (is(at_, '(')) {
        at_ = behind_parentheses(at_);
      } else if (const auto end = behind_check(at_)) {
        blank(at_, *end);
        at_ = *end;
      } else if (ignored_.references && !foreign_key && is(at_, "REFERENCES")) {
        remove_references();
      } else {
        foreign_key = foreign_key || is(at_, "FOREIGN");
        ++at_;
      }
    }
  }

  /// One element of a list. @return whether it is still there; what may follow the last one of an ALTER TABLE without a
  /// comma (PARTITION BY, REMOVE PARTITIONING) is none.
  bool element() {
    const std::size_t begin = at_;
    const bool adds = !in_parentheses_ && accept("ADD");
    if (const auto end = behind_check(at_)) {
      blank(begin, *end);
      at_ = *end;
      within_element();
      return false;
    }
    bool stays = true;
    if (adds) {
      accept("COLUMN");
      skip_condition();
      if (is(at_, '(')) stays = parenthesized_elements(begin);
    }
    within_element();
    return stays;
  }

  /// Elements with commas between them. @return whether any is still there.
  bool elements() {
    bool any = false;
    for (std::optional<std::size_t> comma;; comma = at_++) {
      const bool stays = element();
      if (comma && (!stays || !any)) blank(*comma, *comma + 1);
      any = any || stays;
      if (!is(at_, ',')) return any;
    }
  }

  /// The same in parentheses, which go together with what stands before them from @p begin on when none is left.
  bool parenthesized_elements(std::size_t begin) {
    const std::size_t open = at_++;
    in_parentheses_ = true;
    const bool any = elements();
    in_parentheses_ = false;
    if (!any) {
      blank(begin, open + 1);
      blank(at_, at_ + 1);
    }
    if (is(at_, ')')) ++at_;
    return any;
  }

  std::string_view statement_;
  IgnoredConstraints ignored_;
  std::string text_;
  std::vector<SqlToken> tokens_;
  std::size_t at_ = 0;
  bool in_parentheses_ = false;  ///< of the list of elements
};

}  // namespace

IgnoredConstraints IgnoredConstraints::of_server(bool mariadb, std::uint32_t version) {
  // The first versions that keep them: WL#16130 and WL#929 (MySQL 9.0.0, 8.0.16), MDEV-20729 and MDEV-7563 (MariaDB
  // 10.5.0, 10.2.1).
  if (version == 0) return {};
  const std::uint32_t with_references = mariadb ? 100500 : 90000;
  const std::uint32_t with_check = mariadb ? 100201 : 80016;
  return {version < with_references, version < with_check};
}

std::string without_ignored_constraints(std::string_view statement, const SqlDialect& dialect,
                                        IgnoredConstraints ignored) {
  if (!ignored.references && !ignored.check) return std::string(statement);
  return ConstraintRemover(statement, dialect, ignored).run();
}

}  // namespace tributary::apply
