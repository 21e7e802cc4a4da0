-- Transactions of MySQL sources that an administrator has declared applied, with an empty transaction of their GTID.
CREATE TABLE skipped_gtids (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  gtids  TEXT NOT NULL                            -- a MySQL GTID set
) STRICT;
