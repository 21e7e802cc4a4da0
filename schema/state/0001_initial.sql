-- The daemon's own state: what administrators said, and copies of facts that others own.
-- Numbers that are 64 bits without sign in MySQL are kept as SQLite's signed 64 bits with the same bit pattern.

-- Who this daemon is. One row.
CREATE TABLE daemon (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  uuid        TEXT    NOT NULL CHECK (length(uuid) = 36),
  created_at  INTEGER NOT NULL                    -- seconds since the epoch
) STRICT;

-- A channel as CHANGE MASTER configured it. Owner: this table.
CREATE TABLE channel (
  name               TEXT    NOT NULL COLLATE NOCASE PRIMARY KEY,  -- '' is the default channel
  host               TEXT    NOT NULL,
  port               INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
  user               TEXT    NOT NULL,
  password           TEXT    NOT NULL,
  log_file           TEXT    NOT NULL,            -- start coordinates, as the administrator gave them
  log_pos            INTEGER NOT NULL,
  gtid_mode          TEXT    NOT NULL CHECK (gtid_mode IN ('no', 'auto_position', 'slave_pos', 'current_pos')),
  connect_retry      INTEGER NOT NULL,            -- seconds
  retry_count        INTEGER NOT NULL,            -- 0: no limit
  heartbeat_period   REAL    NOT NULL,            -- seconds; 0: none
  start_file_number  INTEGER NOT NULL,            -- relay file with which this configuration begins
  uuid               TEXT    NOT NULL,            -- what the source is shown as our server_uuid
  io_running         INTEGER NOT NULL CHECK (io_running IN (0, 1)),   -- wanted: started again with the daemon
  sql_running        INTEGER NOT NULL CHECK (sql_running IN (0, 1))
) STRICT, WITHOUT ROWID;

-- What was applied. Owner: the target's tributary.applier_checkpoint; this is a mirror for status while the target
-- is away.
CREATE TABLE channel_applied (
  channel            TEXT    NOT NULL COLLATE NOCASE PRIMARY KEY
                             REFERENCES channel (name) ON UPDATE CASCADE ON DELETE CASCADE,
  relay_file_number  INTEGER NOT NULL,
  relay_offset       INTEGER NOT NULL,
  source_file        TEXT    NOT NULL,
  source_offset      INTEGER NOT NULL,
  gtid               TEXT    NOT NULL,
  source_timestamp   INTEGER NOT NULL             -- seconds since the epoch, the source's clock
) STRICT, WITHOUT ROWID;

-- What the source answered when it was last asked, so that the channel can be served while the source is down.
CREATE TABLE channel_source_answers (
  channel      TEXT    NOT NULL COLLATE NOCASE PRIMARY KEY
                       REFERENCES channel (name) ON UPDATE CASCADE ON DELETE CASCADE,
  version      TEXT    NOT NULL,
  server_id    INTEGER NOT NULL,
  server_uuid  TEXT    NOT NULL,                  -- '' for MariaDB
  checksum     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- The relay files of a channel and what they mirror. Rebuildable from the files, but for the source's uuid.
CREATE TABLE relay_file (
  channel             TEXT    NOT NULL COLLATE NOCASE
                              REFERENCES channel (name) ON UPDATE CASCADE ON DELETE CASCADE,
  file_number         INTEGER NOT NULL,
  file_name           TEXT    NOT NULL,
  source_file_name    TEXT    NOT NULL,
  source_server_id    INTEGER NOT NULL,
  source_server_uuid  TEXT    NOT NULL,
  boundary_offset     INTEGER NOT NULL,           -- a known transaction boundary: a recovery scan starts here
  created_at          INTEGER NOT NULL,           -- seconds since the epoch
  PRIMARY KEY (channel, file_number)
) STRICT, WITHOUT ROWID;

-- The highest relay file number that a channel of this name ever had. Outlives its files and the channel itself:
-- a checkpoint that was left in the target must never fit the files of a later channel of the same name.
CREATE TABLE relay_numbering (
  channel      TEXT    NOT NULL COLLATE NOCASE PRIMARY KEY,
  last_number  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may connect to the daemon.
CREATE TABLE account (
  user         TEXT NOT NULL,
  host         TEXT NOT NULL COLLATE NOCASE,      -- '%' or a literal address
  native_hash  BLOB NOT NULL CHECK (length(native_hash) IN (0, 20)),  -- SHA1(SHA1(password)); empty: no password
  PRIMARY KEY (user, host)
) STRICT, WITHOUT ROWID;
