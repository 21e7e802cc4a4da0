-- The GTID position with which a configuration begins: what was applied when RESET SLAVE removed the relay logs.
ALTER TABLE channel ADD COLUMN start_gtid TEXT NOT NULL DEFAULT '';
