-- What Tributary keeps in the target, in the schema `tributary`. Statements here can be repeated: MySQL commits each
-- DDL by itself, so a step that was cut short runs again from its beginning.
-- Keys are binary strings: they are compared byte for byte with hexadecimal literals, whatever the session's charset.

CREATE TABLE IF NOT EXISTS tributary.schema_version (
  version    INT UNSIGNED NOT NULL PRIMARY KEY,
  name       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  program    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'version of Tributary that ran the step',
  applied_at DATETIME(6) NOT NULL COMMENT 'UTC'
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT='Steps of the schema tributary that have been run';

CREATE TABLE IF NOT EXISTS tributary.applier_checkpoint (
  channel_uuid       VARBINARY(36) NOT NULL COMMENT 'of the channel that applies; made anew with it',
  channel           VARBINARY(256) NOT NULL COMMENT 'its name, UTF-8; empty: the default channel',
  worker            INT UNSIGNED NOT NULL COMMENT 'each worker has a row; the highest position counts',
  relay_file_number BIGINT UNSIGNED NOT NULL,
  relay_offset      BIGINT UNSIGNED NOT NULL COMMENT 'end of the last transaction applied',
  source_file       VARBINARY(512) NOT NULL COMMENT 'the same place in the source''s binary log',
  source_offset     BIGINT UNSIGNED NOT NULL,
  gtid              MEDIUMBLOB NOT NULL COMMENT 'last GTID applied, text',
  source_timestamp  INT UNSIGNED NOT NULL COMMENT 'of that transaction, seconds since the epoch, clock of the source',
  updated_at        DATETIME(6) NOT NULL COMMENT 'UTC, clock of the daemon',
  PRIMARY KEY (channel_uuid, channel, worker)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT='What was applied; moves in the transaction that carries the data';

CREATE TABLE IF NOT EXISTS tributary.ddl_intent (
  channel_uuid       VARBINARY(36) NOT NULL,
  channel           VARBINARY(256) NOT NULL,
  relay_file_number BIGINT UNSIGNED NOT NULL,
  relay_offset      BIGINT UNSIGNED NOT NULL COMMENT 'start of the statement''s event',
  statement_hash    VARBINARY(255) NOT NULL,
  fingerprint       LONGBLOB NOT NULL COMMENT 'definitions of the affected objects before the statement',
  created_at        DATETIME(6) NOT NULL COMMENT 'UTC, clock of the daemon',
  PRIMARY KEY (channel_uuid, channel)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT='A DDL that is about to run, or did when the daemon died';
