#include "tributary/state/store.hpp"

#include <ctime>

#include "tributary/util/crash_point.hpp"
#include "tributary/util/random.hpp"

#include "shared_database.hpp"

namespace tributary::state {
struct Store::Implementation : SharedDatabase {
  using SharedDatabase::SharedDatabase;
};

Store::Store(const std::filesystem::path& file) : implementation_(std::make_unique<Implementation>(file)) {}

Store::~Store() = default;

std::string Store::daemon_uuid() {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  Database& database = implementation_->database;
  database.statement("INSERT INTO daemon (id, uuid, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING")
      .bind(random_uuid())
      .bind(static_cast<std::int64_t>(std::time(nullptr)))
      .run();
  Statement& select = database.statement("SELECT uuid FROM daemon");
  select.step();
  std::string uuid = select.text();
  select.reset();
  return uuid;
}

std::vector<ChannelRecord> Store::channels() {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement(
      "SELECT name, host, port, user, password, log_file, log_pos, gtid_mode, connect_retry, retry_count,"
      " heartbeat_period, start_file_number, uuid, io_running, sql_running, start_gtid, ssl, ssl_ca, ssl_capath,"
      " ssl_cert, ssl_key, ssl_cipher, ssl_crl, ssl_crlpath, ssl_verify_server_cert, tls_version, public_key_path,"
      " get_public_key, compression_algorithms, bind, sql_delay FROM channel ORDER BY name");
  std::vector<ChannelRecord> records;
  while (select.step()) {
    ChannelRecord& record = records.emplace_back();
    record.name = select.text();
    record.host = select.text();
    record.port = select.u16();
    record.user = select.text();
    record.password = select.text();
    record.log_file = select.text();
    record.log_pos = select.u64();
    record.gtid_mode = select.text();
    record.connect_retry = select.u32();
    record.retry_count = select.u64();
    record.heartbeat_period = select.real();
    record.start_file_number = select.u64();
    record.uuid = select.text();
    record.io_running = select.boolean();
    record.sql_running = select.boolean();
    record.start_gtid = select.text();
    SourceLinkRecord& link = record.link;
    link.ssl = select.boolean();
    link.ssl_ca = select.text();
    link.ssl_capath = select.text();
    link.ssl_cert = select.text();
    link.ssl_key = select.text();
    link.ssl_cipher = select.text();
    link.ssl_crl = select.text();
    link.ssl_crlpath = select.text();
    link.ssl_verify_server_cert = select.boolean();
    link.tls_version = select.text();
    link.public_key_path = select.text();
    link.get_public_key = select.boolean();
    link.compression_algorithms = select.text();
    link.bind = select.text();
    record.sql_delay = select.u32();
  }
  return records;
}

void Store::save_channel(const ChannelRecord& record) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  // Not REPLACE, which deletes the old row and by the foreign keys all that hangs on it.
  implementation_->database
      .statement(
          "INSERT INTO channel (name, host, port, user, password, log_file, log_pos, gtid_mode, connect_retry,"
          " retry_count, heartbeat_period, start_file_number, uuid, io_running, sql_running, start_gtid, ssl, ssl_ca,"
          " ssl_capath, ssl_cert, ssl_key, ssl_cipher, ssl_crl, ssl_crlpath, ssl_verify_server_cert, tls_version,"
          " public_key_path, get_public_key, compression_algorithms, bind, sql_delay)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (name) DO UPDATE SET host = excluded.host, port = excluded.port, user = excluded.user,"
          " password = excluded.password, log_file = excluded.log_file, log_pos = excluded.log_pos,"
          " gtid_mode = excluded.gtid_mode, connect_retry = excluded.connect_retry,"
          " retry_count = excluded.retry_count, heartbeat_period = excluded.heartbeat_period,"
          " start_file_number = excluded.start_file_number, uuid = excluded.uuid,"
          " io_running = excluded.io_running, sql_running = excluded.sql_running, start_gtid = excluded.start_gtid,"
          " ssl = excluded.ssl, ssl_ca = excluded.ssl_ca, ssl_capath = excluded.ssl_capath,"
          " ssl_cert = excluded.ssl_cert, ssl_key = excluded.ssl_key, ssl_cipher = excluded.ssl_cipher,"
          " ssl_crl = excluded.ssl_crl, ssl_crlpath = excluded.ssl_crlpath,"
          " ssl_verify_server_cert = excluded.ssl_verify_server_cert, tls_version = excluded.tls_version,"
          " public_key_path = excluded.public_key_path, get_public_key = excluded.get_public_key,"
          " compression_algorithms = excluded.compression_algorithms, bind = excluded.bind,"
          " sql_delay = excluded.sql_delay")
      .bind(record.name)
      .bind(record.host)
      .bind(record.port)
      .bind(record.user)
      .bind(record.password)
      .bind(record.log_file)
      .bind(record.log_pos)
      .bind(record.gtid_mode)
      .bind(record.connect_retry)
      .bind(record.retry_count)
      .bind(record.heartbeat_period)
      .bind(record.start_file_number)
      .bind(record.uuid)
      .bind(record.io_running)
      .bind(record.sql_running)
      .bind(record.start_gtid)
      .bind(record.link.ssl)
      .bind(record.link.ssl_ca)
      .bind(record.link.ssl_capath)
      .bind(record.link.ssl_cert)
      .bind(record.link.ssl_key)
      .bind(record.link.ssl_cipher)
      .bind(record.link.ssl_crl)
      .bind(record.link.ssl_crlpath)
      .bind(record.link.ssl_verify_server_cert)
      .bind(record.link.tls_version)
      .bind(record.link.public_key_path)
      .bind(record.link.get_public_key)
      .bind(record.link.compression_algorithms)
      .bind(record.link.bind)
      .bind(record.sql_delay)
      .run();
}

void Store::remove_channel(const std::string& name) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  implementation_->database.statement("DELETE FROM channel WHERE name = ?").bind(name).run();
}

std::optional<AppliedRecord> Store::applied(const std::string& channel) {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement(
      "SELECT relay_file_number, relay_offset, source_file, source_offset, gtid, source_timestamp"
      " FROM channel_applied WHERE channel = ?");
  if (!select.bind(channel).step()) return std::nullopt;
  AppliedRecord record;
  record.position.file_number = select.u64();
  record.position.offset = select.u64();
  record.source_file = select.text();
  record.source_offset = select.u64();
  record.gtid = select.text();
  record.source_timestamp = select.u32();
  select.reset();
  return record;
}

void Store::save_applied(const std::string& channel, const AppliedRecord& record) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::normal);
  // The SELECT leaves out a channel that was removed while its last transaction was under way. "WHERE" also keeps
  // ON CONFLICT from being read as a join condition.
  implementation_->database
      .statement(
          "INSERT INTO channel_applied (channel, relay_file_number, relay_offset, source_file, source_offset, gtid,"
          " source_timestamp) SELECT name, ?2, ?3, ?4, ?5, ?6, ?7 FROM channel WHERE name = ?1"
          " ON CONFLICT (channel) DO UPDATE SET relay_file_number = excluded.relay_file_number,"
          " relay_offset = excluded.relay_offset, source_file = excluded.source_file,"
          " source_offset = excluded.source_offset, gtid = excluded.gtid,"
          " source_timestamp = excluded.source_timestamp")
      .bind(channel)
      .bind(record.position.file_number)
      .bind(record.position.offset)
      .bind(record.source_file)
      .bind(record.source_offset)
      .bind(record.gtid)
      .bind(record.source_timestamp)
      .run();
  crash_point("state.saved_applied");
}

void Store::remove_applied(const std::string& channel) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  implementation_->database.statement("DELETE FROM channel_applied WHERE channel = ?").bind(channel).run();
}

std::optional<SourceAnswersRecord> Store::source_answers(const std::string& channel) {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement(
      "SELECT version, server_id, server_uuid, checksum, time_zone, variables FROM channel_source_answers WHERE "
      "channel = ?");
  if (!select.bind(channel).step()) return std::nullopt;
  SourceAnswersRecord record;
  record.version = select.text();
  record.server_id = select.u32();
  record.server_uuid = select.text();
  record.checksum = select.text();
  record.time_zone = select.text();
  record.variables = select.text();
  select.reset();
  return record;
}

void Store::save_source_answers(const std::string& channel, const SourceAnswersRecord& record) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::normal);
  implementation_->database
      .statement(
          "INSERT INTO channel_source_answers (channel, version, server_id, server_uuid, checksum, time_zone, "
          "variables)"
          " SELECT name, ?2, ?3, ?4, ?5, ?6, ?7 FROM channel WHERE name = ?1"
          " ON CONFLICT (channel) DO UPDATE SET version = excluded.version, server_id = excluded.server_id,"
          " server_uuid = excluded.server_uuid, checksum = excluded.checksum, time_zone = excluded.time_zone,"
          " variables = excluded.variables")
      .bind(channel)
      .bind(record.version)
      .bind(record.server_id)
      .bind(record.server_uuid)
      .bind(record.checksum)
      .bind(record.time_zone)
      .bind(record.variables)
      .run();
}

std::map<std::string, std::string> Store::global_settings() {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement("SELECT name, value FROM global_setting");
  std::map<std::string, std::string> settings;
  while (select.step()) {
    std::string name = select.text();
    settings.emplace(std::move(name), select.text());
  }
  return settings;
}

std::map<std::string, std::string> Store::channel_settings(const std::string& channel) {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement("SELECT name, value FROM channel_setting WHERE channel = ?");
  select.bind(channel);
  std::map<std::string, std::string> settings;
  while (select.step()) {
    std::string name = select.text();
    settings.emplace(std::move(name), select.text());
  }
  return settings;
}

void Store::save_global_setting(const std::string& name, const std::optional<std::string>& value) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  Database& database = implementation_->database;
  if (!value) return database.statement("DELETE FROM global_setting WHERE name = ?").bind(name).run();
  database
      .statement(
          "INSERT INTO global_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
          "excluded.value")
      .bind(name)
      .bind(*value)
      .run();
}

void Store::save_channel_setting(const std::string& channel, const std::string& name,
                                 const std::optional<std::string>& value) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  Database& database = implementation_->database;
  if (!value) {
    return database.statement("DELETE FROM channel_setting WHERE channel = ? AND name = ?")
        .bind(channel)
        .bind(name)
        .run();
  }
  database
      .statement(
          "INSERT INTO channel_setting (channel, name, value) VALUES (?, ?, ?) ON CONFLICT (channel, name) DO UPDATE "
          "SET value = excluded.value")
      .bind(channel)
      .bind(name)
      .bind(*value)
      .run();
}

std::string Store::skipped_gtids() {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select = implementation_->database.statement("SELECT gtids FROM skipped_gtids");
  if (!select.step()) return {};
  std::string gtids = select.text();
  select.reset();
  return gtids;
}

void Store::save_skipped_gtids(const std::string& gtids) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  implementation_->database
      .statement(
          "INSERT INTO skipped_gtids (id, gtids) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET gtids = excluded.gtids")
      .bind(gtids)
      .run();
}

std::vector<AccountRecord> Store::accounts() {
  const std::lock_guard lock(implementation_->mutex);
  Statement& select =
      implementation_->database.statement("SELECT user, host, native_hash FROM account ORDER BY user, host");
  std::vector<AccountRecord> records;
  while (select.step()) {
    AccountRecord& record = records.emplace_back();
    record.user = select.text();
    record.host = select.text();
    record.native_hash = select.text();
  }
  return records;
}

void Store::save_account(const AccountRecord& record) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->set_durability(Durability::full);
  implementation_->database
      .statement(
          "INSERT INTO account (user, host, native_hash) VALUES (?, ?, ?)"
          " ON CONFLICT (user, host) DO UPDATE SET native_hash = excluded.native_hash")
      .bind(record.user)
      .bind(record.host)
      .bind_blob(record.native_hash)
      .run();
}

std::unique_ptr<relay::RelayCatalogue> Store::relay_catalogue(const std::string& channel) {
  return make_relay_catalogue(*implementation_, channel);
}

}  // namespace tributary::state
