#include <cstdint>
#include <random>

#include "tributary/admin/parser.hpp"
#include "tributary/admin/redact.hpp"

#include "executor_fixture.hpp"

namespace tributary::admin {
namespace {

constexpr std::string_view k_seeds[] = {
    "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PASSWORD='p', MASTER_HEARTBEAT_PERIOD=1.5 FOR CHANNEL 'x'",
    "CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b.000001', IGNORE_SERVER_IDS=(1,2,3), PRIVILEGE_CHECKS_USER='u'@'h'",
    "START SLAVE 'x' IO_THREAD, SQL_THREAD UNTIL MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4 USER='u' PASSWORD='p'",
    "STOP ALL SLAVES",
    "RESET REPLICA ALL FOR CHANNEL=\"x\"",
    "SHOW SLAVE STATUS FOR ALL CHANNELS",
    "SELECT @@global.version AS `v`, -1.5e3 + 0x41 * (2 - @a), CONCAT('a''b\\'c', \"d\"), NOT 1 IN (1, NULL) LIMIT 1, "
    "2",
    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',x'), @a := b'0101', NAMES 'utf8' COLLATE utf8_bin",
    "SHOW GLOBAL VARIABLES WHERE Variable_name LIKE 'a\\_%' OR Value IS NOT NULL AND 1 <=> 1",
    "/*!50000 SELECT /* c */ MASTER_POS_WAIT('b.1', 4, 0.1, 'x') -- end\n*/",
    "KILL QUERY 5; ",
    "USE `a``b`",
    "SELECT SLEEP(100), _utf8mb4'x' 'y' FROM DUAL",
    "SHOW FULL TABLES IN mysql LIKE '%'"};

/// Any text is either a statement or an error with a number.
void read(std::string_view text) {
  redact_statement(text);
  try {
    parse_statement(text);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), 0);
    EXPECT_LT(std::string_view(error.what()).size(), 400U);
  }
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string bytes() {
    std::string text(below(60), '\0');
    for (char& c : text) c = static_cast<char>(below(256));
    return text;
  }
  /// Bytes that mean something to the grammar.
  std::string symbols() {
    static constexpr std::string_view k_alphabet = "'\"`\\@#-/*!;:=<>(),.+ \n0123456789exXbBnN_%azAZ$\xc3\xa9\0";
    std::string text(below(60), '\0');
    for (char& c : text) c = k_alphabet[below(k_alphabet.size())];
    return text;
  }
  std::string mutated() {
    std::string text(k_seeds[below(std::size(k_seeds))]);
    for (std::size_t n = 1 + below(4); n > 0; --n) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

  void mutate(std::string& text) {
    const std::size_t at = text.empty() ? 0 : below(text.size());
    const std::string_view other = k_seeds[below(std::size(k_seeds))];
    switch (below(6)) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.insert(at, symbols().substr(0, 3));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, other.substr(below(other.size())));
        break;
      default:
        text += text.substr(at);
        break;
    }
  }

  std::mt19937 random_;
};

constexpr std::uint32_t k_seed = 20240229;
constexpr int k_rounds = 5000;

TEST(HostileStatement, anyBytesAreAnswered) {
  Mutator mutator(k_seed);
  for (int i = 0; i < k_rounds; ++i) {
    read(mutator.bytes());
    read(mutator.symbols());
  }
}

TEST(HostileStatement, anyMutationIsAnswered) {
  Mutator mutator(k_seed);
  for (int i = 0; i < k_rounds; ++i) {
    const std::string text = mutator.mutated();
    SCOPED_TRACE(text);
    read(text);
  }
}

TEST(HostileStatement, longTextsTakeTimeInProportion) {
  for (const std::string_view piece :
       {"(", "'", "a ", "@@", "/*", "-- \n", "f(", "1,", "NOT ", "'a'", "/*!", "1=", "!", ";"}) {
    std::string text = "SELECT ";
    while (text.size() < 50000) text += piece;
    read(text);
    read(text.substr(7));
    read("CHANGE MASTER TO MASTER_PASSWORD=" + text.substr(7));
  }
}

TEST(HostileStatement, theLargestPacketIsAnswered) {
  const std::string text(std::size_t{16} << 20, '(');
  read(text);
  EXPECT_EQ(redact_statement("SELECT " + text + " PASSWORD='p'").find("'p'"), std::string::npos);
}

TEST_F(ExecutorTest, hostileStatementsOfASessionAreAnswered) {
  // Already stopped: nothing waits. Only statements that leave the daemon as it is are run.
  stop_.request_stop();
  Mutator mutator(k_seed);
  for (int i = 0; i < k_rounds; ++i) {
    const std::string text = mutator.mutated();
    SCOPED_TRACE(text);
    try {
      const Statement statement = parse_statement(text);
      if (std::holds_alternative<ChangeSource>(statement) || std::holds_alternative<StartReplica>(statement) ||
          std::holds_alternative<Shutdown>(statement)) {
        continue;
      }
      run(text);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), 0);
    }
  }
}

TEST_F(ExecutorTest, columnsAreLimited) {
  std::string text = "SELECT 1";
  for (int i = 1; i < 4096; ++i) text += ",1";
  EXPECT_EQ(code(text), "");
  EXPECT_EQ(code(text + ",1"), "1117");
}

TEST_F(ExecutorTest, likeTakesTimeInProportion) {
  std::string text(200000, 'a');
  EXPECT_EQ(code("SELECT '" + text + "' LIKE '%" + text + "b'"), "1105");
  EXPECT_EQ(rows("SELECT '" + text + "' LIKE '%a%a%a%b'"), "0");
}

}  // namespace
}  // namespace tributary::admin
