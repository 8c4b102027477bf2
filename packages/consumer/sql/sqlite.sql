-- The tables of @tidemark/consumer in SQLite. They are created by the first that needs them, unless createTables is false.
--
-- exactlyOnce():  tidemark_fence: a partition of a group, with the epoch of its holder. tidemark_progress: everything below
--                 next_offset is done. tidemark_inbox: one row for each record at or above next_offset that is done.
-- idempotent():   tidemark_id: an id that is being worked on, or was done, until expires_ms.

CREATE TABLE IF NOT EXISTS tidemark_fence (
  id integer PRIMARY KEY,
  consumer_group text NOT NULL,
  topic_id text NOT NULL,
  topic text NOT NULL,
  topic_partition integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  owner text NOT NULL,
  taken_at text NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (consumer_group, topic_id, topic_partition)
);

CREATE TABLE IF NOT EXISTS tidemark_progress (
  fence_id integer PRIMARY KEY,
  next_offset integer NOT NULL,
  leader_epoch integer NOT NULL
);

CREATE TABLE IF NOT EXISTS tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset integer NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tidemark_id (
  id text NOT NULL PRIMARY KEY,
  token text NOT NULL,
  is_done integer NOT NULL,
  expires_ms integer NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS tidemark_id_expires ON tidemark_id (expires_ms);
