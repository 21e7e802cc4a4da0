#include "tributary/admin/parser.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

#include "print_statement.hpp"

namespace tributary::admin {
namespace {

struct Case {
  std::string_view text;
  std::string_view printed;
};

std::string parse_and_print(std::string_view text) {
  try {
    return print(parse_statement(text));
  } catch (const Error& error) {
    return std::to_string(error.code()) + " " + error.what();
  }
}

void expect_all(std::initializer_list<Case> cases) {
  for (const Case& one : cases) EXPECT_EQ(parse_and_print(one.text), one.printed) << one.text;
}

TEST(Parser, readsChangeInAllVocabularies) {
  expect_all({
      {"CHANGE MASTER TO MASTER_HOST='h'", "change MASTER_HOST='h'"},
      {"change master to master_host=\"h\", master_port = 3307", "change MASTER_HOST='h' MASTER_PORT=3307"},
      {"CHANGE MASTER MASTER_HOST='h' FOR CHANNEL=\"x\"", "change for 'x' MASTER_HOST='h'"},
      {"CHANGE MASTER 'x' TO MASTER_HOST='h'", "change for 'x' MASTER_HOST='h'"},
      {"CHANGE MASTER '' TO MASTER_HOST='h'", "change for '' MASTER_HOST='h'"},
      {"CHANGE REPLICATION SOURCE TO SOURCE_HOST='h' FOR CHANNEL 'x'", "change for 'x' SOURCE_HOST='h'"},
      {"CHANGE REPLICATION SOURCE TO MASTER_HOST='h', SOURCE_USER='u'", "change MASTER_HOST='h' SOURCE_USER='u'"},
      {"CHANGE MASTER TO SOURCE_LOG_FILE='b.1', SOURCE_LOG_POS=18446744073709551615",
       "change SOURCE_LOG_FILE='b.1' SOURCE_LOG_POS=18446744073709551615"},
      {"CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='p''q\\'r' FOR ALL CHANNELS",
       "change for all MASTER_USER='u' MASTER_PASSWORD='p'q'r'"},
      {"CHANGE MASTER TO MASTER_AUTO_POSITION=1", "change MASTER_AUTO_POSITION=1"},
      {"CHANGE MASTER TO MASTER_USE_GTID=No", "change MASTER_USE_GTID='no'"},
      {"CHANGE MASTER TO MASTER_USE_GTID=slave_pos", "change MASTER_USE_GTID='slave_pos'"},
      {"CHANGE MASTER TO MASTER_USE_GTID=REPLICA_POS", "change MASTER_USE_GTID='replica_pos'"},
      {"CHANGE MASTER TO MASTER_USE_GTID=current_pos", "change MASTER_USE_GTID='current_pos'"},
      {"CHANGE MASTER TO MASTER_CONNECT_RETRY=10, MASTER_RETRY_COUNT=0",
       "change MASTER_CONNECT_RETRY=10 MASTER_RETRY_COUNT=0"},
      {"CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD=2.5", "change MASTER_HEARTBEAT_PERIOD=2.5"},
      {"CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD=30", "change MASTER_HEARTBEAT_PERIOD=30"},
      {"CHANGE MASTER TO MASTER_HOST='a' 'b'", "change MASTER_HOST='ab'"},
      {"CHANGE MASTER TO MASTER_HOST='h';", "change MASTER_HOST='h'"},
  });
}

TEST(Parser, readsHowASourceIsConnectedTo) {
  expect_all({
      {"CHANGE MASTER TO MASTER_SSL=1, MASTER_SSL_CA='/ca'", "change MASTER_SSL=1 MASTER_SSL_CA='/ca'"},
      {"CHANGE MASTER TO SOURCE_BIND='10.0.0.1'", "change SOURCE_BIND='10.0.0.1'"},
      {"CHANGE REPLICATION SOURCE TO GET_SOURCE_PUBLIC_KEY=1", "change GET_SOURCE_PUBLIC_KEY=1"},
      {"CHANGE MASTER TO GTID_SLAVE_POS='0-1-5'", "change GTID_SLAVE_POS='0-1-5'"},
  });
}

TEST(Parser, recognisesOptionsThatAreNotHonoured) {
  expect_all({
      {"CHANGE MASTER TO MASTER_DELAY=10", "change MASTER_DELAY=10"},
      {"CHANGE MASTER TO IGNORE_SERVER_IDS=(1, 2)", "change IGNORE_SERVER_IDS"},
      {"CHANGE MASTER TO IGNORE_SERVER_IDS=()", "change IGNORE_SERVER_IDS"},
      {"CHANGE MASTER TO RELAY_LOG_FILE='r.1', RELAY_LOG_POS=4", "change RELAY_LOG_FILE RELAY_LOG_POS"},
      {"CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER='u'@'h'", "change PRIVILEGE_CHECKS_USER"},
      {"CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER=NULL", "change PRIVILEGE_CHECKS_USER"},
      {"CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK=STREAM", "change REQUIRE_TABLE_PRIMARY_KEY_CHECK"},
      {"CHANGE MASTER TO MASTER_DEMOTE_TO_SLAVE=1", "change MASTER_DEMOTE_TO_SLAVE"},
  });
}

TEST(Parser, readsStartStopAndReset) {
  expect_all({
      {"START SLAVE", "start"},
      {"start replica", "start"},
      {"START SLAVE IO_THREAD", "start io"},
      {"START SLAVE RELAY_THREAD", "start io"},
      {"START REPLICA SQL_THREAD FOR CHANNEL 'x'", "start for 'x' sql"},
      {"START REPLICA IO_THREAD, SQL_THREAD", "start"},
      {"START SLAVE 'x'", "start for 'x'"},
      {"START SLAVE 'x' SQL_THREAD", "start for 'x' sql"},
      {"START SLAVE FOR CHANNEL = 'x'", "start for 'x'"},
      {"START SLAVE FOR ALL CHANNELS", "start for all"},
      {"START ALL SLAVES", "start all slaves for all"},
      {"START ALL REPLICAS SQL_THREAD", "start all slaves for all sql"},
      {"START SLAVE UNTIL MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4", "start until source position b.1:4"},
      {"START SLAVE SQL_THREAD UNTIL SQL_AFTER_GTIDS='a:1' FOR CHANNEL 'x'", "start for 'x' sql until after a:1"},
      {"START REPLICA UNTIL SQL_AFTER_MTS_GAPS", "start until no gaps"},
      {"START REPLICA UNTIL SOURCE_LOG_POS=2, SOURCE_LOG_FILE='b.1'", "start until source position b.1:4"},
      {"START SLAVE 'x' UNTIL RELAY_LOG_FILE='r.000002', RELAY_LOG_POS=99",
       "start for 'x' until relay position r.000002:99"},
      {"START SLAVE UNTIL SQL_BEFORE_GTIDS='a:1'", "start until before a:1"},
      {"START SLAVE UNTIL MASTER_GTID_POS='0-1-2,1-1-2'", "start until after mariadb 0-1-2,1-1-2"},
      {"START SLAVE UNTIL SQL_BEFORE_GTIDS='0-1-2'", "start until before mariadb 0-1-2"},
      {"START REPLICA USER='u' PASSWORD='p' FOR CHANNEL 'x'", "start for 'x' refused USER"},
      {"STOP SLAVE", "stop"},
      {"STOP REPLICA 'x'", "stop for 'x'"},
      {"STOP REPLICA IO_THREAD FOR CHANNEL 'x'", "stop for 'x' io"},
      {"STOP ALL SLAVES", "stop all slaves for all"},
      {"RESET SLAVE", "reset"},
      {"RESET REPLICA ALL", "reset all"},
      {"RESET SLAVE 'x' ALL", "reset all for 'x'"},
      {"RESET REPLICA ALL FOR CHANNEL 'x'", "reset all for 'x'"},
      {"RESET SLAVE FOR ALL CHANNELS", "reset for all"},
      {"RESET SLAVE ALL FOR ALL CHANNELS", "reset all for all"},
  });
}

TEST(Parser, readsShowStatus) {
  expect_all({
      {"SHOW SLAVE STATUS", "status of slave"},
      {"SHOW REPLICA STATUS", "status of replica"},
      {"show slave 'x' status", "status of slave for 'x'"},
      {"SHOW REPLICA STATUS FOR CHANNEL 'x'", "status of replica for 'x'"},
      {"SHOW SLAVE STATUS FOR ALL CHANNELS", "status of slave for all"},
      {"SHOW SLAVE STATUS NONBLOCKING", "status of slave"},
      {"SHOW ALL SLAVES STATUS", "status of slave all slaves for all"},
      {"SHOW ALL REPLICAS STATUS", "status of slave all slaves for all"},
  });
}

TEST(Parser, skipsCommentsAndReadsExecutableOnes) {
  expect_all({
      {"/* one */ START /* two */ SLAVE -- three", "start"},
      {"START SLAVE # FOR CHANNEL 'x'\nFOR CHANNEL 'y'", "start for 'y'"},
      {"START SLAVE --\n'x'", "start for 'x'"},
      {"/*!50700 START SLAVE */", "start"},
      {"/*! START */ SLAVE /*M!100000 'x' */", "start for 'x'"},
      {"START SLAVE /*!990000 'x' */", "start"},
      {"START SLAVE /*!50700 /* inner */ 'x' */", "start for 'x'"},
      {"/*!40101 SET NAMES utf8 */;", "set names utf8"},
      {"\t\r\n START\f SLAVE\v", "start"},
      {"", "1065 Query was empty"},
      {" -- nothing", "1065 Query was empty"},
      {"/* nothing */", "1065 Query was empty"},
  });
}

TEST(Parser, readsSelect) {
  expect_all({
      {"SELECT 1", "select 1 as [1]"},
      {"select @@version_comment limit 1", "select @@version_comment as [@@version_comment] limit 0,1"},
      {"SELECT @@global.Server_Id, @@session.sql_mode AS m",
       "select @@global.server_id as [@@global.Server_Id] "
       "@@session.sql_mode as [m]"},
      {"SELECT  @@a  AS `b`, @c 'd', 'e'", "select @@a as [b] @c as [d] 'e' as [e]"},
      {"SELECT VERSION( ), now()", "select VERSION() as [VERSION( )] now() as [now()]"},
      {"SELECT MASTER_POS_WAIT('b.1', 4, 2.5, 'x') w", "select MASTER_POS_WAIT('b.1',4,2.5,'x') as [w]"},
      {"SELECT CURRENT_USER", "select CURRENT_USER() as [CURRENT_USER]"},
      {"SELECT NULL, TRUE, -1, 1.5, 1e3, .5",
       "select NULL as [NULL] 1 as [TRUE] neg(1) as [-1] 1.5 as [1.5] "
       "1e3 as [1e3] .5 as [.5]"},
      {"SELECT 0x41, x'4142', b'01000001', N'c', _utf8mb4'd'",
       "select 'A' as [0x41] 'AB' as [x'4142'] 'A' as [b'01000001'] 'c' as [c] 'd' as [_utf8mb4'd']"},
      {"SELECT 1+2*3 = 7 AND NOT 0 OR 1", "select or(and(=(+(1,*(2,3)),7),not(0)),1) as [1+2*3 = 7 AND NOT 0 OR 1]"},
      {"SELECT (1+2)*3", "select *(+(1,2),3) as [(1+2)*3]"},
      {"SELECT 1 IN (1, 2), 'a' NOT LIKE 'b', @x IS NULL, @x IS NOT NULL",
       "select in(1,1,2) as [1 IN (1, 2)] not(like('a','b')) as ['a' NOT LIKE 'b'] is_null(@x) as [@x IS NULL] "
       "is_not_null(@x) as [@x IS NOT NULL]"},
      {"SELECT 1 FROM DUAL", "select 1 as [1]"},
      {"SELECT 18446744073709551615, 18446744073709551616",
       "select 18446744073709551615 as [18446744073709551615] 18446744073709551616 as [18446744073709551616]"},
      {"SELECT 1 LIMIT 2, 3", "select 1 as [1] limit 2,3"},
      {"SELECT 1 LIMIT 3 OFFSET 2", "select 1 as [1] limit 2,3"},
      {"select $$", "select $$ as [$$]"},
      {"SELECT * FROM mysql.user WHERE User = 'x'", "select from tables: SELECT * FROM mysql.user WHERE User = 'x'"},
      {"SELECT a, count(*) FROM t GROUP BY a", "select from tables: SELECT a, count(*) FROM t GROUP BY a"},
      {"SELECT @`quoted ``name`", "select @quoted `name as [@`quoted ``name`]"},
      {"SELECT @@x.y", "1272 Variable 'y' is not a variable component (can't be used as XXXX.variable_name)"},
  });
}

TEST(Parser, readsSet) {
  expect_all({
      {"SET NAMES utf8mb4", "set names utf8mb4"},
      {"SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'", "set names utf8mb4 collate utf8mb4_bin"},
      {"SET NAMES DEFAULT", "set names "},
      {"SET CHARACTER SET utf8", "set charset utf8"},
      {"SET CHARSET binary", "set charset binary"},
      {"SET AUTOCOMMIT = 0", "set @@autocommit=0"},
      {"SET autocommit=1, sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES')",
       "set @@autocommit=1 @@sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES')"},
      {"SET SESSION wait_timeout := 10, net_read_timeout = 5",
       "set @@session.wait_timeout=10 "
       "@@session.net_read_timeout=5"},
      {"SET @@global.x = 1, @@y = DEFAULT", "set @@global.x=1 @@y=default"},
      {"SET @a = 1, @b := 'c'", "set @a=1 @b='c'"},
      {"SET foreign_key_checks = ON, sql_mode = ANSI", "set @@foreign_key_checks='ON' @@sql_mode=ANSI"},
      {"SET character_set_results = NULL", "set @@character_set_results=NULL"},
      {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
       "set @@session.transaction_isolation='READ-COMMITTED' @@session.transaction_read_only=1"},
      {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "set @@transaction_isolation='SERIALIZABLE'"},
      {"SET PASSWORD = 'x'", "unsupported SET PASSWORD"},
  });
}

TEST(Parser, readsShowAndTheRest) {
  expect_all({
      {"SHOW VARIABLES", "variables"},
      {"SHOW GLOBAL VARIABLES LIKE 'max\\_%'", "variables global like 'max\\_%'"},
      {"SHOW SESSION VARIABLES WHERE Variable_name = 'a' OR Variable_name IN ('b', 'c')",
       "variables session where or(=(Variable_name,'a'),in(Variable_name,'b','c'))"},
      {"SHOW GLOBAL STATUS LIKE 'Uptime'", "counters global like 'Uptime'"},
      {"SHOW STATUS", "counters"},
      {"SHOW WARNINGS", "warnings"},
      {"SHOW WARNINGS LIMIT 5", "warnings limit 0,5"},
      {"SHOW ERRORS", "errors"},
      {"SHOW COUNT(*) WARNINGS", "count of warnings"},
      {"SHOW DATABASES LIKE 'm%'", "databases like 'm%'"},
      {"SHOW SCHEMAS", "databases"},
      {"SHOW TABLES", "tables of ''"},
      {"SHOW FULL TABLES FROM mysql LIKE 'x'", "full tables of 'mysql' like 'x'"},
      {"SHOW FULL PROCESSLIST", "full processlist"},
      {"USE `mysql`", "use mysql"},
      {"KILL 7", "kill 7"},
      {"KILL CONNECTION 7", "kill 7"},
      {"KILL QUERY 7", "kill query 7"},
      {"SHUTDOWN", "shutdown"},
      {"DO SLEEP(0), 1", "do SLEEP(0) 1"},
      {"BEGIN", "nothing"},
      {"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", "nothing"},
      {"COMMIT AND NO CHAIN", "nothing"},
      {"ROLLBACK", "nothing"},
      {"UNLOCK TABLES", "nothing"},
      {"SHOW MASTER STATUS", "unsupported SHOW MASTER"},
      {"SHOW SLAVE HOSTS", "unsupported SHOW SLAVE HOSTS"},
      {"SHOW REPLICAS", "unsupported SHOW REPLICAS"},
      {"CHANGE REPLICATION FILTER REPLICATE_DO_DB=(a)", "unsupported CHANGE REPLICATION FILTER"},
      {"INSERT INTO t VALUES (1)", "unsupported INSERT"},
      {"FLUSH RELAY LOGS FOR CHANNEL 'x'", "unsupported FLUSH"},
      {"RESET MASTER", "unsupported RESET MASTER"},
  });
}

std::string syntax_error(std::string_view near, int line = 1) {
  return "1064 You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version "
         "for "
         "the right syntax to use near '" +
         std::string(near) + "' at line " + std::to_string(line);
}

TEST(Parser, reportsTheOffendingToken) {
  const std::string too_long(100, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"START SLAVES", syntax_error("SLAVES")},
      {"START SLAVE FOR CHANNEL", syntax_error("")},
      {"START SLAVE FOR CHANNEL x", syntax_error("x")},
      {"START SLAVE, FOR CHANNEL 'x'", syntax_error(", FOR CHANNEL 'x'")},
      {"START SLAVE\nIO_THREAD,\n  NO_THREAD", syntax_error("NO_THREAD", 3)},
      {"CHANGE MASTER TO", syntax_error("")},
      {"CHANGE MASTER TO MASTER_PORT='abc'", syntax_error("'abc'")},
      {"CHANGE MASTER TO MASTER_HOST=h", syntax_error("h")},
      {"CHANGE MASTER TO MASTER_BOGUS=1, MASTER_PORT=2", syntax_error("MASTER_BOGUS=<secret>, MASTER_PORT=2")},
      {"CHANGE MASTER TO MASTER_HOST='h',", syntax_error("")},
      {"CHANGE MASTER TO MASTER_HOST='h' MASTER_PORT=1", syntax_error("MASTER_PORT=1")},
      {"CHANGE MASTER TO MASTER_PORT=99999999999999999999", syntax_error("99999999999999999999")},
      {"CHANGE MASTER TO MASTER_PORT=-1", syntax_error("-1")},
      {"CHANGE MASTER TO MASTER_USE_GTID=maybe", syntax_error("maybe")},
      {"SELECT 1; SELECT 2", syntax_error("SELECT 2")},
      {"SELECT", syntax_error("")},
      {"SELECT 'open", syntax_error("'open")},
      {"SELECT 1 /* open", syntax_error("/* open")},
      {"SELECT /*! 1", syntax_error("")},
      {"SELEC 1", syntax_error("SELEC 1")},
      {"SELECT f(1", syntax_error("")},
      {"SELECT (1, 2)", syntax_error(", 2)")},
      {"SHOW VARIABLES LIKE", syntax_error("")},
      {"SHOW TABLES FRM x", syntax_error("FRM x")},
      {"KILL x", syntax_error("x")},
      {"START SLAVE " + too_long, syntax_error(std::string(80, 'x'))},
      {";", syntax_error(";")},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(parse_and_print(text), message) << text;
}

TEST(Parser, refusesAChannelNamedTwice) {
  const std::string message =
      "1210 Incorrect arguments to CONNECTION_NAME AND FOR CHANNEL CAN NOT BE SPECIFIED AT THE SAME TIME)";
  for (const char* text : {"START SLAVE 'x' FOR CHANNEL 'y'", "CHANGE MASTER 'x' TO MASTER_PORT=1 FOR CHANNEL 'x'",
                           "SHOW SLAVE 'x' STATUS FOR ALL CHANNELS"}) {
    EXPECT_EQ(parse_and_print(text), message) << text;
  }
}

TEST(Parser, limitsNesting) {
  const auto nested = [](std::size_t levels, const std::string& open, const std::string& close) {
    std::string text = "SELECT ";
    for (std::size_t i = 0; i < levels; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < levels; ++i) text += close;
    return text;
  };
  EXPECT_EQ(parse_and_print(nested(3, "(", ")")), "select 1 as [(((1)))]");
  for (const auto& [open, close] : {std::pair{"(", ")"}, {"f(", ")"}, {"- ", ""}, {"NOT ", ""}, {"1 IN (", ")"}}) {
    EXPECT_EQ(parse_and_print(nested(20000, open, close)).substr(0, 5), "1436 ") << open;
  }
  for (const char* one_more : {" = 1", " OR 1", " + 1", " IS NULL", " IN (1)"}) {
    EXPECT_EQ(parse_and_print(nested(20000, "", one_more)).substr(0, 5), "1436 ") << one_more;
  }
}

}  // namespace
}  // namespace tributary::admin
