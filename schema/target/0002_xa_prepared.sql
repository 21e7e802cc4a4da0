-- XA transactions that a source has prepared and neither committed nor rolled back. Nothing of them is applied until they are
-- committed: a row says where in the relay log their events stand.

CREATE TABLE IF NOT EXISTS tributary.xa_prepared (
  channel_uuid      VARBINARY(36) NOT NULL COMMENT 'of the channel that applies; made anew with it',
  channel           VARBINARY(256) NOT NULL COMMENT 'its name, UTF-8; empty: the default channel',
  gtrid             VARBINARY(64) NOT NULL COMMENT 'the xid: global transaction id, ',
  bqual             VARBINARY(64) NOT NULL COMMENT 'branch qualifier,',
  format_id         INT NOT NULL COMMENT 'and format',
  relay_file_number BIGINT UNSIGNED NOT NULL,
  relay_begin       BIGINT UNSIGNED NOT NULL COMMENT 'offset of the group that ends with XA PREPARE',
  relay_end         BIGINT UNSIGNED NOT NULL COMMENT 'offset after it',
  source_file       VARBINARY(512) NOT NULL COMMENT 'the source''s binary log; the offsets are the same there',
  gtid              VARBINARY(512) NOT NULL COMMENT 'of the group, text; empty: none',
  applied           TINYINT NOT NULL COMMENT '1: its changes are in the target already (docs/architecture.md)',
  prepared_at       DATETIME(6) NOT NULL COMMENT 'UTC, clock of the daemon',
  PRIMARY KEY (channel_uuid, channel, gtrid, bqual, format_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT='Prepared XA transactions; rows move in the transaction of the checkpoint';
