// Steers a channel through MySQL Connector/C++: makes channel 'connector', starts it and reads its status.
// Usage: connector_client ADMIN_PORT ADMIN_USER SOURCE_PORT SOURCE_USER; both passwords on standard input.

#include <iostream>
#include <memory>
#include <string>

#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>

namespace {

int fail(const std::string& what) {
  std::cerr << "connector_client: " << what << '\n';
  return 1;
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

int run(const std::string& admin_port, const std::string& admin_user, const std::string& source_port,
        const std::string& source_user) {
  std::string admin_password;
  std::string source_password;
  if (!std::getline(std::cin, admin_password) || !std::getline(std::cin, source_password)) {
    return fail("two passwords are expected on standard input");
  }
  sql::Driver* driver = get_driver_instance();
  const std::unique_ptr<sql::Connection> connection(
      driver->connect("tcp://127.0.0.1:" + admin_port, admin_user, admin_password));
  const std::unique_ptr<sql::Statement> statement(connection->createStatement());

  statement->execute("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=" + source_port + ", MASTER_USER=" +
                     quoted(source_user) + ", MASTER_PASSWORD=" + quoted(source_password) + " FOR CHANNEL 'connector'");
  statement->execute("START SLAVE FOR CHANNEL 'connector'");

  const std::unique_ptr<sql::ResultSet> status(statement->executeQuery("SHOW SLAVE STATUS FOR CHANNEL 'connector'"));
  if (!status->next()) return fail("SHOW SLAVE STATUS gave no row");
  if (status->getMetaData()->getColumnCount() < 50) return fail("SHOW SLAVE STATUS has fewer than 50 columns");
  if (status->getInt("Master_Port") != std::stoi(source_port)) return fail("Master_Port is not what was set");
  if (status->getString("Slave_SQL_Running") != "Yes") return fail("the SQL thread does not run");
  if (status->next()) return fail("SHOW SLAVE STATUS gave a second row");

  try {
    statement->execute("STOP SLAVE FOR CHANNEL 'unheard of'");
    return fail("an unknown channel was not refused");
  } catch (const sql::SQLException& error) {
    if (error.getErrorCode() != 3074) return fail("not 3074 but " + std::to_string(error.getErrorCode()));
  }
  const std::unique_ptr<sql::ResultSet> after(statement->executeQuery("SELECT 1"));
  if (!after->next() || after->getInt(1) != 1) return fail("SELECT 1 did not give 1 after an error");
  std::cout << "channel 'connector' runs\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return fail("four arguments are expected");
  try {
    return run(argv[1], argv[2], argv[3], argv[4]);
  } catch (const sql::SQLException& error) {
    return fail(std::to_string(error.getErrorCode()) + ": " + error.what());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
