#include "tributary/target/target_server.hpp"

namespace tributary::target {

// Numbers 2000..2999 are those of the client library (errmsg.h), the others the server's: MySQL's
// share/messages_to_clients.txt, MariaDB's sql/share/errmsg-utf8.txt.

bool TargetError::connection_lost() const {
  switch (code()) {
    case 1053:  // ER_SERVER_SHUTDOWN: the server ends this session next
    case 1077:  // ER_NORMAL_SHUTDOWN
    case 1079:  // ER_SHUTDOWN_COMPLETE
    case 1156:  // ER_NET_PACKETS_OUT_OF_ORDER
    case 1158:  // ER_NET_READ_ERROR: the server gave up on the connection, and so on to 1161
    case 1159:  // ER_NET_READ_INTERRUPTED
    case 1160:  // ER_NET_ERROR_ON_WRITE
    case 1161:  // ER_NET_WRITE_INTERRUPTED
    case 1927:  // ER_CONNECTION_KILLED (MariaDB)
    case 2000:  // CR_UNKNOWN_ERROR
    case 2002:  // CR_CONNECTION_ERROR, and so on to 2005: never got through
    case 2003:  // CR_CONN_HOST_ERROR
    case 2005:  // CR_UNKNOWN_HOST: the name service may be away like the network
    case 2006:  // CR_SERVER_GONE_ERROR
    case 2008:  // CR_OUT_OF_MEMORY: the answer was not read to its end
    case 2012:  // CR_SERVER_HANDSHAKE_ERR
    case 2013:  // CR_SERVER_LOST
    case 2014:  // CR_COMMANDS_OUT_OF_SYNC: what the next answer belongs to is not known
    case 2026:  // CR_SSL_CONNECTION_ERROR
    case 2027:  // CR_MALFORMED_PACKET
    case 2055:  // CR_SERVER_LOST_EXTENDED
    case 3169:  // ER_SESSION_WAS_KILLED (MySQL)
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
      return true;
    default:
      return false;
  }
}

bool TargetError::transient() const {
  switch (code()) {
    case 1020:   // ER_CHECKREAD, "Record has changed since last read": MariaDB's innodb_snapshot_isolation
    case 1040:   // ER_CON_COUNT_ERROR: too many connections
    case 1047:   // ER_UNKNOWN_COM_ERROR: a Galera node that is not ready ("WSREP has not yet prepared node")
    case 1180:   // ER_ERROR_DURING_COMMIT: rolled back or not, the checkpoint tells; a Galera conflict, a full disk
    case 1203:   // ER_TOO_MANY_USER_CONNECTIONS
    case 1205:   // ER_LOCK_WAIT_TIMEOUT
    case 1213:   // ER_LOCK_DEADLOCK
    case 1226:   // ER_USER_LIMIT_REACHED: connections or queries per hour
    case 1297:   // ER_GET_TEMPORARY_ERRMSG (NDB)
    case 1412:   // ER_TABLE_DEF_CHANGED, "please retry transaction"
    case 1429:   // ER_CONNECT_TO_FOREIGN_DATA_SOURCE, as in MariaDB's slave_transaction_retry_errors
    case 1613:   // ER_XA_RBTIMEOUT
    case 1614:   // ER_XA_RBDEADLOCK
    case 1615:   // ER_NEED_REPREPARE
    case 1637:   // ER_TOO_MANY_CONCURRENT_TRXS
    case 3101:   // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: MySQL group replication's certification
    case 12701:  // Spider's ER_SPIDER_REMOTE_SERVER_GONE_AWAY, as in MariaDB's slave_transaction_retry_errors
      return true;
    // Not here: 1969 (max_statement_time) and 3024 (max_execution_time), since the statement would take as long again
    // and applier sessions have no limit; 1021 and 1114 (disk or table full), 1290 (read_only), 1317 (KILL QUERY):
    // an administrator did or must do something.
    case 2014:  // a bug of ours: it must be seen
    case 2026:  // TLS is set up wrong, which another try does not change
      return false;
    default:
      return connection_lost();
  }
}

}  // namespace tributary::target
