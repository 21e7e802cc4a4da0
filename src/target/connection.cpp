#include <algorithm>
#include <charconv>
#include <utility>

#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <fmt/core.h>

#include "tributary/target/target_server.hpp"

#include "connect.hpp"
#include "multi_statement.hpp"

namespace tributary::target {
namespace {

constexpr std::uint16_t k_packet_too_large = 1153;      // ER_NET_PACKET_TOO_LARGE
constexpr std::uint16_t k_local_files_disabled = 3948;  // ER_CLIENT_LOCAL_FILES_DISABLED

/// "10.11.19-MariaDB" gives 101119.
std::uint32_t version_number(std::string_view version) {
  std::uint32_t number = 0;
  const char* at = version.data();
  const char* const end = version.data() + version.size();
  for (int part = 0; part < 3; ++part) {
    std::uint32_t value = 0;
    const auto result = std::from_chars(at, end, value);
    number = number * 100 + (result.ec == std::errc() ? std::min(value, part == 0 ? 999U : 99U) : 0U);
    at = result.ptr != end && *result.ptr == '.' ? result.ptr + 1 : end;
  }
  return number;
}

/// Of "Records: 3  Deleted: 0  Skipped: 1  Warnings: 2", in whatever language.
LoadDataCounts counts_of(const char* info) {
  LoadDataCounts counts;
  std::string_view rest = info == nullptr ? std::string_view() : info;
  for (std::uint64_t* const count : {&counts.records, &counts.deleted, &counts.skipped, &counts.warnings}) {
    rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *count);
    if (error != std::errc()) {
      throw TargetError(error_code::k_unknown_error, "the target does not tell what its LOAD DATA has done");
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  return counts;
}

std::vector<Row> read_rows(sql::ResultSet& results) {
  std::vector<Row> rows;
  const unsigned columns = results.getMetaData()->getColumnCount();
  while (results.next()) {
    Row& row = rows.emplace_back(columns);
    for (unsigned column = 0; column < columns; ++column) {
      const sql::SQLString value = results.getString(column + 1);
      if (!results.wasNull()) row[column] = value.asStdString();
    }
  }
  return rows;
}

}  // namespace

struct TargetConnection::Implementation {
  Implementation(const TargetOptions& options, const std::stop_token& stop)
      : link(connect(options, stop)), version_number(target::version_number(link.server_version)) {}

  /// Runs @p sql and gives each result set to @p on_rows; all of them are drained.
  template <typename OnRows>
  void run(std::string_view sql, OnRows on_rows) {
    if (sql.size() >= link.max_allowed_packet) {
      throw NotRunError(k_packet_too_large, "08S01",
                        fmt::format("a statement of {} bytes is larger than the target's max_allowed_packet ({})",
                                    sql.size(), link.max_allowed_packet));
    }
    driver();  // makes this thread known to the library
    try {
      const std::unique_ptr<sql::Statement> statement(link.connection->createStatement());
      bool has_rows = statement->execute(sql::SQLString(sql.data(), sql.size()));
      StatementReader reader(sql);
      for (std::size_t result = 1;; ++result) {
        if (has_rows) {
          const std::unique_ptr<sql::ResultSet> results(statement->getResultSet());
          if (results) on_rows(*results);
        }
        // getMoreResults() answers false for "an OK follows" as for "nothing follows".
        MYSQL* const handle = link.socket->handle();
        if (mysql_more_results(handle) == 0) {
          if (!reader.another_follows_binlog(result)) break;
          handle->server_status |= SERVER_MORE_RESULTS_EXIST;
        }
        has_rows = statement->getMoreResults();
      }
    } catch (const sql::SQLException& error) {
      // The library has closed its descriptor, but ours keeps the connection open, and with it the session and its
      // locks in the server.
      if (translate(error).connection_lost()) link.socket->shut_down();
      throw translate(error);
    } catch (...) {
      link.socket->shut_down();  // results may be left unread: the session cannot be used any more
      throw;
    }
  }

  Link link;
  const std::uint32_t version_number;
};

TargetConnection::TargetConnection(const TargetOptions& options, const std::stop_token& stop)
    : implementation_(std::make_unique<Implementation>(options, stop)) {}

TargetConnection::~TargetConnection() = default;

std::uint64_t TargetConnection::execute(std::string_view sql) {
  implementation_->run(sql, [](sql::ResultSet&) {});
  return mysql_affected_rows(implementation_->link.socket->handle());
}

LoadDataCounts TargetConnection::load_data(std::string_view sql, std::string_view file, const FileContent& content) {
  const LocalFile::Offer offer(implementation_->link.socket->local_file(), file, content);
  try {
    implementation_->run(sql, [](sql::ResultSet&) {});
  } catch (const TargetError& error) {
    offer.rethrow();
    // ER_NOT_ALLOWED_COMMAND, ER_CLIENT_LOCAL_FILES_DISABLED, MariaDB's ER_LOAD_INFILE_CAPABILITY_DISABLED
    if (error.code() != 1148 && error.code() != k_local_files_disabled && error.code() != 4166) throw;
    throw NotRunError(k_local_files_disabled, "42000",
                      fmt::format("the target does not accept LOAD DATA LOCAL, by which the source's LOAD DATA in "
                                  "statement format is run: set its global variable local_infile to ON, and start the "
                                  "applier again ({})",
                                  error.what()));
  }
  offer.rethrow();
  return counts_of(mysql_info(implementation_->link.socket->handle()));
}

std::vector<Row> TargetConnection::query(std::string_view sql) {
  std::vector<Row> rows;
  bool first = true;
  implementation_->run(sql, [&rows, &first](sql::ResultSet& results) {
    if (std::exchange(first, false)) rows = read_rows(results);
  });
  return rows;
}

void TargetConnection::interrupt() noexcept {
  implementation_->link.socket->shut_down();
}

const std::string& TargetConnection::server_version() const {
  return implementation_->link.server_version;
}

std::uint32_t TargetConnection::server_version_number() const {
  return implementation_->version_number;
}

bool TargetConnection::is_mariadb() const {
  return server_version().find("MariaDB") != std::string::npos;
}

std::uint64_t TargetConnection::connection_id() const {
  return implementation_->link.connection_id;
}

std::uint64_t TargetConnection::max_allowed_packet() const {
  return implementation_->link.max_allowed_packet;
}

}  // namespace tributary::target
