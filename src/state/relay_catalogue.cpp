#include <fmt/core.h>

#include "tributary/util/crash_point.hpp"
#include "tributary/util/error.hpp"

#include "shared_database.hpp"

namespace tributary::state {
namespace {

class StoredRelayCatalogue final : public relay::RelayCatalogue {
 public:
  StoredRelayCatalogue(SharedDatabase& shared, std::string channel) : shared_(shared), channel_(std::move(channel)) {}

  std::vector<relay::RelayFileRecord> load() override;
  void save(const relay::RelayFileRecord& record) override;
  void save_durably(const relay::RelayFileRecord& record) override;
  void remove(std::uint64_t file_number) override;
  std::uint64_t last_number() override;

 private:
  void write(const relay::RelayFileRecord& record);  // mutex held
  std::uint64_t read_last_number();                  // mutex held
  bool has_boundary(std::uint64_t file_number);      // mutex held

  SharedDatabase& shared_;
  const std::string channel_;
};

std::vector<relay::RelayFileRecord> StoredRelayCatalogue::load() {
  const std::lock_guard lock(shared_.mutex);
  Statement& select = shared_.database.statement(
      "SELECT file_number, file_name, source_file_name, source_server_id, source_server_uuid, boundary_offset,"
      " created_at FROM relay_file WHERE channel = ? ORDER BY file_number");
  select.bind(channel_);
  std::vector<relay::RelayFileRecord> records;
  while (select.step()) {
    relay::RelayFileRecord& record = records.emplace_back();
    record.file_number = select.u64();
    record.file_name = select.text();
    record.source_file_name = select.text();
    record.source.server_id = select.u32();
    record.source.server_uuid = select.text();
    record.boundary_offset = select.u64();
    record.created_at = select.integer();
  }
  return records;
}

void StoredRelayCatalogue::save_durably(const relay::RelayFileRecord& record) {
  const std::lock_guard lock(shared_.mutex);
  shared_.set_durability(Durability::full);
  write(record);
}

void StoredRelayCatalogue::save(const relay::RelayFileRecord& record) {
  const std::lock_guard lock(shared_.mutex);
  // What a known file's record says can be found again in the file. That a number was used cannot, once the file is
  // gone, and the checkpoint in the target counts on numbers that never come back. Nor can it be found that a file
  // counts at all, which its first boundary says.
  const bool new_number = record.file_number > read_last_number();
  const bool first_boundary = record.boundary_offset != 0 && !has_boundary(record.file_number);
  shared_.set_durability(new_number || first_boundary ? Durability::full : Durability::normal);
  write(record);
}

void StoredRelayCatalogue::write(const relay::RelayFileRecord& record) {
  Database& database = shared_.database;
  Transaction transaction(database);
  Statement& exists = database.statement("SELECT 1 FROM channel WHERE name = ?");
  if (!exists.bind(channel_).step()) {
    throw Error(error_code::k_unknown_error, fmt::format("state store {}: relay file {} belongs to channel '{}', which "
                                                         "is not in the store",
                                                         database.file().string(), record.file_name, channel_));
  }
  exists.reset();
  database
      .statement(
          "INSERT INTO relay_file (channel, file_number, file_name, source_file_name, source_server_id,"
          " source_server_uuid, boundary_offset, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (channel, file_number) DO UPDATE SET file_name = excluded.file_name,"
          " source_file_name = excluded.source_file_name, source_server_id = excluded.source_server_id,"
          " source_server_uuid = excluded.source_server_uuid, boundary_offset = excluded.boundary_offset,"
          " created_at = excluded.created_at")
      .bind(channel_)
      .bind(record.file_number)
      .bind(record.file_name)
      .bind(record.source_file_name)
      .bind(record.source.server_id)
      .bind(record.source.server_uuid)
      .bind(record.boundary_offset)
      .bind(record.created_at)
      .run();
  if (record.file_number > read_last_number()) {
    database
        .statement(
            "INSERT INTO relay_numbering (channel, last_number) VALUES (?, ?)"
            " ON CONFLICT (channel) DO UPDATE SET last_number = excluded.last_number")
        .bind(channel_)
        .bind(record.file_number)
        .run();
  }
  crash_point("state.save_relay_file");
  transaction.commit();
}

void StoredRelayCatalogue::remove(std::uint64_t file_number) {
  const std::lock_guard lock(shared_.mutex);
  shared_.set_durability(Durability::normal);
  shared_.database.statement("DELETE FROM relay_file WHERE channel = ? AND file_number = ?")
      .bind(channel_)
      .bind(file_number)
      .run();
}

std::uint64_t StoredRelayCatalogue::last_number() {
  const std::lock_guard lock(shared_.mutex);
  return read_last_number();
}

std::uint64_t StoredRelayCatalogue::read_last_number() {
  Statement& select = shared_.database.statement("SELECT last_number FROM relay_numbering WHERE channel = ?");
  if (!select.bind(channel_).step()) return 0;
  const std::uint64_t number = select.u64();
  select.reset();
  return number;
}

bool StoredRelayCatalogue::has_boundary(std::uint64_t file_number) {
  Statement& select = shared_.database.statement(
      "SELECT 1 FROM relay_file WHERE channel = ? AND file_number = ? AND boundary_offset <> 0");
  const bool found = select.bind(channel_).bind(file_number).step();
  select.reset();
  return found;
}

}  // namespace

std::unique_ptr<relay::RelayCatalogue> make_relay_catalogue(SharedDatabase& shared, const std::string& channel) {
  return std::make_unique<StoredRelayCatalogue>(shared, channel);
}

}  // namespace tributary::state
