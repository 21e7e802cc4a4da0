-- How many seconds behind the source the applier stays: CHANGE MASTER's MASTER_DELAY.
ALTER TABLE channel ADD COLUMN sql_delay INTEGER NOT NULL DEFAULT 0 CHECK (sql_delay BETWEEN 0 AND 2147483647);
