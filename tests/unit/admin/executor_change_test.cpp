#include "executor_fixture.hpp"

namespace tributary::admin {
namespace {

class ExecutorChange : public ExecutorTest {
 protected:
  [[nodiscard]] state::ChannelRecord config(const std::string& name) const {
    const auto channel = channels_->find(name);
    return channel ? channel->status().config : state::ChannelRecord{};
  }
};

TEST_F(ExecutorChange, configuresAChannel) {
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='10.0.0.1', MASTER_PORT=3307, MASTER_USER='repl', MASTER_PASSWORD='p', "
                  "MASTER_LOG_FILE='bin.000007', MASTER_LOG_POS=1234, MASTER_CONNECT_RETRY=5, MASTER_RETRY_COUNT=9, "
                  "SOURCE_DELAY=2147483647, "
                  "MASTER_HEARTBEAT_PERIOD=2.5 FOR CHANNEL 'Shard1'"),
            "");
  EXPECT_EQ(warnings(), "Note 1759,Note 1760");
  const auto record = config("shard1");
  EXPECT_EQ(record.name, "Shard1");
  EXPECT_EQ(record.host, "10.0.0.1");
  EXPECT_EQ(record.port, 3307);
  EXPECT_EQ(record.user, "repl");
  EXPECT_EQ(record.password, "p");
  EXPECT_EQ(record.log_file, "bin.000007");
  EXPECT_EQ(record.log_pos, 1234U);
  EXPECT_EQ(record.connect_retry, 5U);
  EXPECT_EQ(record.retry_count, 9U);
  EXPECT_EQ(record.sql_delay, 2147483647U);
  EXPECT_EQ(record.heartbeat_period, 2.5);
  EXPECT_EQ(record.gtid_mode, "no");
}

TEST_F(ExecutorChange, keepsWhatIsNotGivenAndTakesTheLastOfTwo) {
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h', MASTER_USER='u', MASTER_LOG_FILE='b.1', MASTER_LOG_POS=2"), "");
  EXPECT_EQ(config("").log_pos, 4U);
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_CONNECT_RETRY=1, MASTER_CONNECT_RETRY=2"), "");
  EXPECT_EQ(config("").host, "h");
  EXPECT_EQ(config("").user, "u");
  EXPECT_EQ(config("").log_file, "b.1");
  EXPECT_EQ(config("").connect_retry, 2U);
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_CONNECT_RETRY=0"), "");
  EXPECT_EQ(config("").connect_retry, 60U);
  EXPECT_EQ(warnings(), "");
  // A new source begins at its first file.
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_PORT=3308"), "");
  EXPECT_EQ(config("").log_file, "");
}

TEST_F(ExecutorChange, understandsBothWaysToAskForGtid) {
  run("CHANGE MASTER TO MASTER_HOST='h'");
  const std::pair<const char*, const char*> cases[] = {
      {"MASTER_AUTO_POSITION=1", "auto_position"},
      {"SOURCE_AUTO_POSITION=0", "no"},
      {"MASTER_USE_GTID=slave_pos", "slave_pos"},
      {"MASTER_USE_GTID=no", "no"},
      {"MASTER_USE_GTID=replica_pos", "slave_pos"},
      {"MASTER_USE_GTID=current_pos", "current_pos"},
      {"MASTER_AUTO_POSITION=0, MASTER_USE_GTID=slave_pos", "slave_pos"}};
  for (const auto& [options, mode] : cases) {
    EXPECT_EQ(error(std::string("CHANGE MASTER TO ") + options), "") << options;
    EXPECT_EQ(config("").gtid_mode, mode) << options;
  }
}

TEST_F(ExecutorChange, coordinatesEndMariadbGtidAndContradictAutoPosition) {
  run("CHANGE MASTER TO MASTER_HOST='h', MASTER_USE_GTID=slave_pos");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4"), "");
  EXPECT_EQ(warnings(), "Note 4190");
  EXPECT_EQ(config("").gtid_mode, "no");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_AUTO_POSITION=1, MASTER_LOG_POS=4"), "1776");
  run("CHANGE MASTER TO MASTER_AUTO_POSITION=1");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_LOG_FILE='b.1'"), "1776");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_AUTO_POSITION=0, MASTER_LOG_FILE='b.1'"), "");
  EXPECT_EQ(warnings(), "Warning 3023");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_AUTO_POSITION=1, MASTER_USE_GTID=slave_pos"), "1210");
}

TEST_F(ExecutorChange, refusesBadValuesAndLeavesNoChannelBehind) {
  const std::string long_name(256, 'h');
  const std::pair<std::string, std::string> cases[] = {
      {"MASTER_HOST=''", "1210 Incorrect arguments to MASTER_HOST"},
      {"source_host=''", "1210 Incorrect arguments to SOURCE_HOST"},
      {"MASTER_HOST='" + long_name + "'", "3968 Hostname cannot be longer than 255 characters."},
      {"MASTER_HOST='a\\nb'", "1525 Incorrect argument contains not-allowed LF value: 'MASTER_HOST'"},
      {"MASTER_HOST='a\\0b'", "1210 Incorrect arguments to MASTER_HOST"},
      {"MASTER_PORT=0", "1210 Incorrect arguments to MASTER_PORT"},
      {"MASTER_PORT=65536", "1210 Incorrect arguments to MASTER_PORT"},
      {"MASTER_USER='" + long_name + "'",
       "1470 String '" + std::string(70, 'h') + "' is too long for user name (should be no longer than 128)"},
      {"MASTER_PASSWORD='" + long_name + "'",
       "3056 The password provided for the replication user exceeds the maximum length of 96 characters"},
      {"MASTER_PASSWORD='hunter\\n2'", "1525 Incorrect argument contains not-allowed LF value: 'MASTER_PASSWORD'"},
      {"MASTER_LOG_FILE='../b.1'", "1210 Incorrect arguments to MASTER_LOG_FILE"},
      {"MASTER_AUTO_POSITION=2", "1210 Incorrect arguments to MASTER_AUTO_POSITION"},
      {"MASTER_CONNECT_RETRY=4294967296", "1210 Incorrect arguments to MASTER_CONNECT_RETRY"},
      {"MASTER_HEARTBEAT_PERIOD=4294968",
       "1624 The requested value for the heartbeat period is either negative or exceeds the maximum allowed (4294967 "
       "seconds)."},
      {"MASTER_HEARTBEAT_PERIOD=1e999",
       "1624 The requested value for the heartbeat period is either negative or exceeds the maximum allowed (4294967 "
       "seconds)."},
      {"MASTER_SSL=2", "1210 Incorrect arguments to MASTER_SSL"},
      {"MASTER_SSL_CA='" + std::string(512, 'c') + "'", "1210 Incorrect arguments to MASTER_SSL_CA"},
      {"MASTER_TLS_VERSION='TLSv1.1'",
       "1210 Incorrect arguments to MASTER_TLS_VERSION: a list of TLSv1.2 and TLSv1.3, older ones are not secure"},
      {"MASTER_BIND='eth0'", "1210 Incorrect arguments to MASTER_BIND: an IP address is needed"},
      {"MASTER_COMPRESSION_ALGORITHMS='lz4,zlib'",
       "3920 Invalid SOURCE_COMPRESSION_ALGORITHMS 'lz4,zlib' for channel 'x'."},
      {"MASTER_COMPRESSION_ALGORITHMS='zlib, zstd'",
       "1235 This version of Tributary doesn't yet support 'MASTER_COMPRESSION_ALGORITHMS' ('zstd: the client library "
       "knows zlib alone'"},
      {"MASTER_ZSTD_COMPRESSION_LEVEL=3",
       "1235 This version of Tributary doesn't yet support 'MASTER_ZSTD_COMPRESSION_LEVEL' ('the client library knows "
       "zlib alone'"},
      {"GTID_PURGED='8f0c2b4e-0000-4000-8000-000000000001:1-5'",
       "1210 Incorrect arguments to GTID_PURGED: it needs SOURCE_AUTO_POSITION = 1"},
      {"MASTER_AUTO_POSITION=1, GTID_PURGED='1-2-3'", "1772 Malformed GTID set specification '1-2-3'."},
      {"GTID_SLAVE_POS='0-1-5'", "1210 Incorrect arguments to GTID_SLAVE_POS: it needs MASTER_USE_GTID = slave_pos"},
      {"MASTER_USE_GTID=slave_pos, GTID_SLAVE_POS='0-1-5', MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4",
       "1210 Incorrect arguments to GTID_SLAVE_POS AND LOG_FILE OR LOG_POS"},
      {"MASTER_DELAY=2147483648",
       "1729 The requested value 2147483648 for the source delay exceeds the maximum 2147483647"},
  };
  for (const auto& [option, message] : cases) {
    EXPECT_EQ(error("CHANGE MASTER TO MASTER_USER='u', " + option + " FOR CHANNEL 'x'"), message) << option;
    EXPECT_EQ(warnings().substr(0, 6), "Error ");
  }
  EXPECT_TRUE(channels_->all().empty());
}

TEST_F(ExecutorChange, keepsHowTheSourceIsConnectedTo) {
  EXPECT_EQ(error("CHANGE REPLICATION SOURCE TO SOURCE_HOST='h', SOURCE_USER='u', SOURCE_SSL=1, SOURCE_SSL_CA='/ca',"
                  " SOURCE_SSL_CAPATH='/cas', SOURCE_SSL_CERT='/cert', SOURCE_SSL_KEY='/key', SOURCE_SSL_CIPHER='AES',"
                  " SOURCE_SSL_CRL='/crl', SOURCE_SSL_CRLPATH='/crls', SOURCE_SSL_VERIFY_SERVER_CERT=1,"
                  " SOURCE_TLS_VERSION='TLSv1.2,TLSv1.3', SOURCE_PUBLIC_KEY_PATH='/pub', GET_SOURCE_PUBLIC_KEY=1,"
                  " SOURCE_COMPRESSION_ALGORITHMS='ZLIB , uncompressed', SOURCE_BIND='::1'"),
            "");
  EXPECT_EQ(warnings(), "Note 1760");
  const state::SourceLinkRecord link = config("").link;
  EXPECT_TRUE(link.ssl && link.ssl_verify_server_cert && link.get_public_key);
  EXPECT_EQ(link.ssl_ca + link.ssl_capath + link.ssl_cert + link.ssl_key + link.ssl_cipher + link.ssl_crl,
            "/ca/cas/cert/keyAES/crl");
  EXPECT_EQ(link.ssl_crlpath + link.tls_version + link.public_key_path, "/crlsTLSv1.2,TLSv1.3/pub");
  EXPECT_EQ(link.compression_algorithms + link.bind, "zlib,uncompressed::1");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_SSL=0, MASTER_BIND=''"), "");
  EXPECT_FALSE(config("").link.ssl);
  EXPECT_EQ(config("").link.bind, "");
  EXPECT_EQ(config("").link.ssl_ca, "/ca");
}

TEST_F(ExecutorChange, beginsAfterGtids) {
  const std::string set = "8f0c2b4e-0000-4000-8000-000000000001:1-5";
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h', MASTER_AUTO_POSITION=1, GTID_PURGED='" + set + "'"), "");
  EXPECT_EQ(config("").start_gtid, set);
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_USE_GTID=slave_pos, GTID_SLAVE_POS='1-2-3,0-1-5'"), "");
  EXPECT_EQ(config("").start_gtid, "0-1-5,1-2-3");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_LOG_FILE='b.1', MASTER_LOG_POS=4"), "");
  EXPECT_EQ(config("").start_gtid, "");
}

TEST_F(ExecutorChange, warnsAboutHeartbeats) {
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h', MASTER_HEARTBEAT_PERIOD=0.0005"), "");
  EXPECT_EQ(warnings(), "Warning 1703");
  EXPECT_EQ(config("").heartbeat_period, 0);
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD=61"), "");
  EXPECT_EQ(warnings(), "Warning 1704");
  EXPECT_EQ(config("").heartbeat_period, 61);
}

TEST_F(ExecutorChange, checksNames) {
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL '" + std::string(65, 'x') + "'"), "3076");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL 'blank '"), "3076");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL 'group_replication_applier'"), "3139");
}

TEST_F(ExecutorChange, needsANameWhenOnlyNamedChannelsExist) {
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL 'x'"), "");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h'"),
            "3079 Multiple channels exist on the replica. Please provide channel name as an argument.");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='h' FOR CHANNEL ''"), "");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_HOST='other'"), "");
  EXPECT_EQ(config("").host, "other");
  EXPECT_EQ(config("x").host, "h");
}

TEST_F(ExecutorChange, changesWhatAllSourcesHaveInCommon) {
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_PASSWORD='p' FOR ALL CHANNELS"), "3074");
  run("CHANGE MASTER 'a' TO MASTER_HOST='h1'");
  run("CHANGE MASTER 'b' TO MASTER_HOST='h2'");
  EXPECT_EQ(error("CHANGE MASTER TO MASTER_PASSWORD='new' FOR ALL CHANNELS"), "");
  EXPECT_EQ(config("a").password, "new");
  EXPECT_EQ(config("b").password, "new");
  EXPECT_EQ(code("CHANGE MASTER TO MASTER_HOST='h3' FOR ALL CHANNELS"), "1210");
  EXPECT_EQ(config("a").host, "h1");
}

}  // namespace
}  // namespace tributary::admin
