-- The tables of @tidemark/consumer in PostgreSQL. They are created by the first that needs them, unless createTables is false.
--
-- exactlyOnce():  tidemark_fence: a partition of a group, with the epoch of its holder. tidemark_progress: everything below
--                 next_offset is done. tidemark_inbox: one row for each record at or above next_offset that is done.
-- createLock():   tidemark_lock: a lock that is held; the sequence numbers all of them.
-- idempotent():   tidemark_id: an id that is being worked on, or was done, until expires_ms.

CREATE SCHEMA IF NOT EXISTS tidemark;

CREATE TABLE IF NOT EXISTS tidemark.tidemark_fence (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer_group text NOT NULL,
  topic_id text NOT NULL,
  topic text NOT NULL,
  topic_partition integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (consumer_group, topic_id, topic_partition)
);

CREATE TABLE IF NOT EXISTS tidemark.tidemark_progress (
  fence_id integer PRIMARY KEY REFERENCES tidemark.tidemark_fence (id) ON DELETE CASCADE,
  next_offset bigint NOT NULL,
  leader_epoch integer NOT NULL
);

CREATE TABLE IF NOT EXISTS tidemark.tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset bigint NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
);

CREATE OR REPLACE FUNCTION tidemark.tidemark_enter(fence integer, held_epoch bigint, at_offset bigint, of_epoch integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared('tidemark.tidemark_fence'::regclass::oid::bigint::bit(32)::integer, fence);
  INSERT INTO tidemark.tidemark_inbox AS known (fence_id, record_offset, leader_epoch)
  SELECT f.id, at_offset, of_epoch FROM tidemark.tidemark_fence f WHERE f.id = fence AND f.epoch = held_epoch
  ON CONFLICT (fence_id, record_offset) DO UPDATE SET leader_epoch = excluded.leader_epoch
  WHERE known.leader_epoch < excluded.leader_epoch;
  RETURN FOUND;
END $$;

CREATE TABLE IF NOT EXISTS tidemark.tidemark_lock (
  name text PRIMARY KEY,
  token text NOT NULL,
  fence bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE SEQUENCE IF NOT EXISTS tidemark.tidemark_lock_fence;

CREATE TABLE IF NOT EXISTS tidemark.tidemark_id (
  id text NOT NULL PRIMARY KEY,
  token text NOT NULL,
  is_done integer NOT NULL,
  expires_ms bigint NOT NULL
);

CREATE INDEX IF NOT EXISTS tidemark_id_expires ON tidemark.tidemark_id (expires_ms);
