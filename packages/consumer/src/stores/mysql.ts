/**
 * The fence in MySQL and MariaDB: shared and exclusive locks on the row of the fence. Nothing but a takeover writes to
 * this row, so that handlers do not wait for each other; the position is a row of another table.
 *
 * Locking reads see what is committed, whatever the isolation level.
 */
import { codeOf } from '../drivers/errors.ts'
import { int, type Row, type SqlResult, type SqlSession } from '../drivers/sql.ts'
import type { SqlDialect } from './sql-store.ts'
import type { Holding, StoredPosition } from './store.ts'
import { commonStatements, offsetsOf, type TableNames } from './tables.ts'

/** Names are compared byte by byte: Kafka's topics and groups are. */
const TEXT = (length: number): string => `varchar(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL`

export const mysqlTables = (prefix: string): string[] => [
  `CREATE TABLE IF NOT EXISTS ${prefix}tidemark_fence (
  id integer NOT NULL AUTO_INCREMENT PRIMARY KEY,
  consumer_group ${TEXT(255)},
  topic_id ${TEXT(249)},
  topic ${TEXT(249)},
  topic_partition integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner ${TEXT(255)},
  taken_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY (consumer_group, topic_id, topic_partition)
) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS ${prefix}tidemark_progress (
  fence_id integer NOT NULL PRIMARY KEY,
  next_offset bigint NOT NULL,
  leader_epoch integer NOT NULL
) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS ${prefix}tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset bigint NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
) ENGINE=InnoDB`,
]

const PASSING =
  /^(E[A-Z]+|PROTOCOL_.*|ER_(SERVER_SHUTDOWN|CON_COUNT_ERROR|TOO_MANY_USER_CONNECTIONS|LOCK_DEADLOCK|LOCK_WAIT_TIMEOUT|CONNECTION_KILLED|QUERY_INTERRUPTED|NEW_ABORTING_CONNECTION|QUERY_TIMEOUT|STATEMENT_TIMEOUT|OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE))$/

export function mysqlDialect(schema: string | undefined): SqlDialect {
  const prefix = schema === undefined ? '' : `${schema}.`
  const names: TableNames = {
    fence: `${prefix}tidemark_fence`,
    progress: `${prefix}tidemark_progress`,
    inbox: `${prefix}tidemark_inbox`,
  }
  return {
    name: 'MySQL',
    tables: [...(schema === undefined ? [] : [`CREATE DATABASE IF NOT EXISTS ${schema}`]), ...mysqlTables(prefix)],
    ...commonStatements(names, 'GREATEST', 'CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)'),
    insertFence: `INSERT IGNORE INTO ${names.fence} (consumer_group, topic_id, topic, topic_partition, owner) VALUES (?, ?, ?, ?, ?)`,
    upsertProgress: `INSERT INTO ${names.progress} (fence_id, next_offset, leader_epoch) VALUES (?, ?, ?)
      ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset), leader_epoch = VALUES(leader_epoch)`,
    isMissing: (error) => ['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR'].includes(codeOf(error)),
    isPassing: (error) => PASSING.test(codeOf(error)),
    isLockTimeout: (error) => codeOf(error) === 'ER_LOCK_WAIT_TIMEOUT',
    lockExclusively: (session, fence, timeoutMs) => lockExclusively(session, names, fence, timeoutMs),
    endHolders,
    checkEpoch: (fence) => [`SELECT epoch FROM ${names.fence} WHERE id = ${int(fence)} LOCK IN SHARE MODE`],
    prune: (session, fence, from, to) => prune(session, names, fence, from, to),
    enterFirst: () => [],
    enter: (session, _, holding, records) => enter(session, names, holding, records),
  }
}

async function lockExclusively(session: SqlSession<unknown>, { fence }: TableNames, id: number, timeoutMs: number): Promise<void> {
  const [before] = (await session.query('SELECT @@SESSION.innodb_lock_wait_timeout AS seconds')).rows
  await session.query(`SET SESSION innodb_lock_wait_timeout = ${Math.ceil(timeoutMs / 1_000)}`)
  try {
    await session.query(`SELECT id FROM ${fence} WHERE id = ${int(id)} FOR UPDATE`)
  } finally {
    await session.query(`SET SESSION innodb_lock_wait_timeout = ${int(Number(before!.seconds))}`).catch(() => {}) // the connection is lost: what was asked on it has failed, or its COMMIT will
  }
}

/**
 * Only those that wait for a lock are told who holds it, and not in all versions: so this ends the transactions of this
 * user that have been idle for the whole time.
 */
async function endHolders(session: SqlSession<unknown>, _fence: number, heldMs: number): Promise<void> {
  const { rows } = await session.query(
    `SELECT t.trx_mysql_thread_id AS thread FROM information_schema.innodb_trx t
     JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
     WHERE p.command = 'Sleep' AND p.db <=> DATABASE() AND p.user = SUBSTRING_INDEX(USER(), '@', 1)
       AND t.trx_mysql_thread_id <> CONNECTION_ID() AND p.time >= ${int(Math.floor(heldMs / 1_000))}`,
  )
  for (const { thread } of rows) await session.query(`KILL CONNECTION ${int(Number(thread))}`).catch(() => {}) // it has ended by itself
}

/** By primary key alone: a range would lock the gaps into which handlers insert. */
async function prune(session: SqlSession<unknown>, { inbox }: TableNames, fence: number, from: number, to: number): Promise<number> {
  for (let deleted = 0; ; ) {
    const { rows } = await session.query(
      `SELECT record_offset FROM ${inbox} WHERE fence_id = ${int(fence)} AND (record_offset < ${int(from)} OR record_offset >= ${int(to)}) LIMIT 10000`,
    )
    if (rows.length === 0) return deleted
    deleted += rows.length
    await session.query(`DELETE FROM ${inbox} WHERE fence_id = ${int(fence)} AND record_offset IN (${offsetsOf(rows).join(', ')})`)
  }
}

/** One statement locks the fence, checks the epoch and inserts; only a record that is known already takes more. */
async function enter(
  session: SqlSession<unknown>,
  names: TableNames,
  holding: Holding,
  records: readonly StoredPosition[],
): Promise<readonly number[]> {
  const insert = (some: readonly StoredPosition[]): string =>
    `INSERT INTO ${names.inbox} (fence_id, record_offset, leader_epoch) SELECT f.id, r.o, r.e
     FROM ${names.fence} f JOIN (${some.map((r) => `SELECT ${int(r.offset)} AS o, ${int(r.leaderEpoch)} AS e`).join(' UNION ALL ')}) r
     WHERE f.id = ${int(holding.fence)} AND f.epoch = ${int(holding.epoch)} LOCK IN SHARE MODE`
  let inserted: SqlResult
  try {
    inserted = await session.query(insert(records))
  } catch (error) {
    if (codeOf(error) !== 'ER_DUP_ENTRY') throw error
    const { rows } = await session.query(
      `SELECT record_offset, leader_epoch FROM ${names.inbox}
       WHERE fence_id = ${int(holding.fence)} AND record_offset IN (${records.map((r) => int(r.offset)).join(', ')}) LOCK IN SHARE MODE`,
    )
    const fresh = freshOf(records, rows)
    if (fresh.length > 0) await session.query(`${insert(fresh)} ON DUPLICATE KEY UPDATE leader_epoch = r.e`)
    return fresh.map((r) => r.offset)
  }
  return inserted.changed === 0 ? [] : records.map((r) => r.offset)
}

/** Those that are not in the inbox, or only under an earlier leader. */
function freshOf(records: readonly StoredPosition[], rows: readonly Row[]): StoredPosition[] {
  const known = new Map(rows.map((row) => [Number(row.record_offset), Number(row.leader_epoch)]))
  return records.filter((r) => (known.get(r.offset) ?? -2) < r.leaderEpoch)
}
