-- Offsets of the source's time_zone=SYSTEM: '3600', or '3600 3:7200 ...' with the month of each change; '' = not known.
ALTER TABLE channel_source_answers ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
-- Its global variables that change results, lines of name=value; '' = not known.
ALTER TABLE channel_source_answers ADD COLUMN variables TEXT NOT NULL DEFAULT '';
