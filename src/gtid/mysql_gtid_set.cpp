#include "tributary/gtid/mysql_gtid_set.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

constexpr std::uint16_t k_malformed_specification = 1772;  // ER_MALFORMED_GTID_SET_SPECIFICATION

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Walks over the text form. Blanks may stand before every part.
class TextScanner {
 public:
  explicit TextScanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() {
    skip_blanks();
    return position_ == text_.size();
  }
  bool accept(char wanted) {
    if (at_end() || text_[position_] != wanted) return false;
    ++position_;
    return true;
  }
  /// Letters, digits, '_' and, for a uuid, '-'.
  std::string_view word(bool with_dashes) {
    skip_blanks();
    const std::size_t begin = position_;
    while (position_ < text_.size() && is_word_character(text_[position_], with_dashes)) ++position_;
    return text_.substr(begin, position_ - begin);
  }
  [[noreturn]] void fail() const {
    throw Error(k_malformed_specification, fmt::format("Malformed GTID set specification '{:.200}'.", text_));
  }

 private:
  static bool is_word_character(char c, bool with_dashes) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (with_dashes && c == '-');
  }
  void skip_blanks() {
    while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

std::int64_t parse_gno(std::string_view word, const TextScanner& scanner, std::int64_t lowest) {
  std::int64_t gno = 0;
  const char* const end = word.data() + word.size();
  const auto [next, error] = std::from_chars(word.data(), end, gno);
  if (error != std::errc{} || next != end || gno < lowest || gno >= k_gno_end) scanner.fail();
  return gno;
}

bool starts_number(std::string_view word) {
  return !word.empty() && word.front() >= '0' && word.front() <= '9';
}

/// "uuid:…" without the comma behind it.
void parse_entry(TextScanner& scanner, MysqlGtidSet& set) {
  const std::optional<Uuid> uuid = Uuid::parse(scanner.word(true));
  if (!uuid) scanner.fail();
  TaggedUuid source{*uuid, {}};
  bool tag_needs_interval = true;  // as does the uuid itself
  while (scanner.accept(':')) {
    const std::string_view word = scanner.word(false);
    if (!starts_number(word)) {
      source.tag = normalized_tag(word);
      if (source.tag.empty()) scanner.fail();
      tag_needs_interval = true;
      continue;
    }
    tag_needs_interval = false;
    const std::int64_t start = parse_gno(word, scanner, 1);
    const std::int64_t last = scanner.accept('-') ? parse_gno(scanner.word(false), scanner, 0) : start;
    if (last >= start) set.add(source, {start, last + 1});
  }
  if (tag_needs_interval) scanner.fail();
}

}  // namespace

std::string normalized_tag(std::string_view text) {
  if (text.empty() || text.size() > k_tag_max_length || (text.front() >= '0' && text.front() <= '9')) return {};
  std::string tag;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower < 'a' || lower > 'z') && (lower < '0' || lower > '9') && lower != '_') return {};
    tag += lower;
  }
  return tag;
}

std::string TaggedUuid::to_string() const {
  return tag.empty() ? uuid.to_string() : uuid.to_string() + ':' + tag;
}

MysqlGtid MysqlGtid::parse(std::string_view text) {
  const MysqlGtidSet set = MysqlGtidSet::parse(text);
  if (set.sources().size() == 1) {
    const auto& [source, intervals] = *set.sources().begin();
    if (intervals.size() == 1 && intervals[0].end == intervals[0].start + 1) return {source, intervals[0].start};
  }
  throw Error(k_malformed_specification, fmt::format("Malformed GTID specification '{:.200}'.", text));
}

std::string MysqlGtid::to_string() const {
  return fmt::format("{}:{}", source.to_string(), gno);
}

MysqlGtidSet MysqlGtidSet::parse(std::string_view text) {
  MysqlGtidSet set;
  TextScanner scanner(text);
  while (!scanner.at_end()) {
    if (scanner.accept(',')) continue;
    parse_entry(scanner, set);
    if (!scanner.at_end() && !scanner.accept(',')) scanner.fail();
  }
  return set;
}

std::string MysqlGtidSet::to_string(std::string_view separator) const {
  std::string text;
  const Uuid* uuid = nullptr;
  for (const auto& [source, intervals] : sources_) {
    if (uuid == nullptr || *uuid != source.uuid) {
      if (uuid != nullptr) text += separator;
      text += source.uuid.to_string();
      uuid = &source.uuid;
    }
    if (!source.tag.empty()) text += ':' + source.tag;
    for (const GnoInterval& interval : intervals) {
      text += fmt::format(":{}", interval.start);
      if (interval.end - interval.start > 1) text += fmt::format("-{}", interval.end - 1);
    }
  }
  return text;
}

void MysqlGtidSet::add(const TaggedUuid& source, GnoInterval interval) {
  if (interval.start < 1 || interval.end < interval.start) {
    throw Error(k_malformed_specification, fmt::format("Malformed GTID set specification '{}:{}-{}'.",
                                                       source.to_string(), interval.start, interval.end - 1));
  }
  if (interval.start == interval.end) return;
  std::vector<GnoInterval>& intervals = sources_[source];
  // All intervals that overlap or touch the new one become one with it.
  const auto first = std::lower_bound(intervals.begin(), intervals.end(), interval.start,
                                      [](const GnoInterval& at, std::int64_t start) { return at.end < start; });
  auto last = first;
  for (; last != intervals.end() && last->start <= interval.end; ++last) {
    interval.start = std::min(interval.start, last->start);
    interval.end = std::max(interval.end, last->end);
  }
  if (first == last) {
    intervals.insert(first, interval);
  } else {
    *first = interval;
    intervals.erase(first + 1, last);
  }
}

void MysqlGtidSet::add(const MysqlGtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) {
    std::vector<GnoInterval>& mine = sources_[source];
    if (intervals.size() == 1) {
      add(source, intervals.front());
      continue;
    }
    // Merged in one go: one after the other each could move all that stand behind it.
    std::vector<GnoInterval> all;
    all.reserve(mine.size() + intervals.size());
    std::merge(mine.begin(), mine.end(), intervals.begin(), intervals.end(), std::back_inserter(all),
               [](const GnoInterval& a, const GnoInterval& b) { return a.start < b.start; });
    mine.clear();
    for (const GnoInterval& interval : all) {
      if (mine.empty() || mine.back().end < interval.start) {
        mine.push_back(interval);
      } else {
        mine.back().end = std::max(mine.back().end, interval.end);
      }
    }
  }
}

MysqlGtidSet MysqlGtidSet::without(const MysqlGtidSet& other) const {
  MysqlGtidSet rest;
  for (const auto& [source, intervals] : sources_) {
    const auto found = other.sources_.find(source);
    static const std::vector<GnoInterval> k_none;
    const std::vector<GnoInterval>& taken = found == other.sources_.end() ? k_none : found->second;
    auto next = taken.begin();
    for (const GnoInterval& interval : intervals) {
      std::int64_t start = interval.start;
      while (next != taken.end() && next->end <= start) ++next;
      for (auto at = next; at != taken.end() && at->start < interval.end; ++at) {
        if (at->start > start) rest.add(source, {start, at->start});
        start = std::max(start, at->end);
      }
      if (start < interval.end) rest.add(source, {start, interval.end});
    }
  }
  return rest;
}

MysqlGtidSet MysqlGtidSet::without_tags() const {
  MysqlGtidSet rest;
  for (const auto& [source, intervals] : sources_) {
    if (source.tag.empty()) rest.sources_[source] = intervals;
  }
  return rest;
}

namespace {

bool covers(const std::vector<GnoInterval>& intervals, GnoInterval wanted) {
  const auto at = std::upper_bound(intervals.begin(), intervals.end(), wanted.start,
                                   [](std::int64_t start, const GnoInterval& i) { return start < i.end; });
  return at != intervals.end() && at->start <= wanted.start && wanted.end <= at->end;
}

}  // namespace

bool MysqlGtidSet::contains(const MysqlGtid& gtid) const {
  const auto at = sources_.find(gtid.source);
  return at != sources_.end() && gtid.gno > 0 && gtid.gno < k_gno_end && covers(at->second, {gtid.gno, gtid.gno + 1});
}

bool MysqlGtidSet::contains(const MysqlGtidSet& other) const {
  return std::all_of(other.sources_.begin(), other.sources_.end(), [this](const auto& entry) {
    const auto at = sources_.find(entry.first);
    return at != sources_.end() &&
           std::all_of(entry.second.begin(), entry.second.end(),
                       [&](const GnoInterval& interval) { return covers(at->second, interval); });
  });
}

bool MysqlGtidSet::has_tags() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const auto& entry) { return !entry.first.tag.empty(); });
}

}  // namespace tributary::gtid
