-- The tables of @tidemark/consumer in MySQL and MariaDB. They are created by the first that needs them, unless createTables is false.
--
-- exactlyOnce():  tidemark_fence: a partition of a group, with the epoch of its holder. tidemark_progress: everything below
--                 next_offset is done. tidemark_inbox: one row for each record at or above next_offset that is done.
-- idempotent():   tidemark_id: an id that is being worked on, or was done, until expires_ms.

CREATE TABLE IF NOT EXISTS tidemark_fence (
  id integer NOT NULL AUTO_INCREMENT PRIMARY KEY,
  consumer_group varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  topic_id varchar(249) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  topic varchar(249) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  topic_partition integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  taken_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY (consumer_group, topic_id, topic_partition)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS tidemark_progress (
  fence_id integer NOT NULL PRIMARY KEY,
  next_offset bigint NOT NULL,
  leader_epoch integer NOT NULL
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset bigint NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS tidemark_id (
  id varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  token varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  is_done integer NOT NULL,
  expires_ms bigint NOT NULL,
  KEY tidemark_id_expires (expires_ms)
) ENGINE=InnoDB;
