-- Settings of appliers that administrators have given: the global ones, and over them each channel's own. What is not
-- here has its default.
CREATE TABLE global_setting (
  name   TEXT NOT NULL PRIMARY KEY,
  value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE channel_setting (
  channel  TEXT NOT NULL COLLATE NOCASE REFERENCES channel (name) ON UPDATE CASCADE ON DELETE CASCADE,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (channel, name)
) STRICT, WITHOUT ROWID;
