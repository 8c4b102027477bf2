/**
 * The fence in PostgreSQL: advisory locks of a transaction, which live in shared memory. No row is hot, and handlers
 * of one partition do not wait for each other.
 *
 * The isolation level is READ COMMITTED: each statement sees what was committed before it began, so that the epoch is
 * read after the lock was granted, not as of the beginning of the transaction.
 */
import { codeOf } from '../drivers/errors.ts'
import { int, type SqlSession } from '../drivers/sql.ts'
import type { SqlDialect } from './sql-store.ts'
import type { StoredPosition } from './store.ts'
import { commonStatements, insertFence, insertInbox, offsetsOf, upsertProgress } from './tables.ts'

/** The first half of an advisory lock's key, so that it is not one of the user's: 'tide' in ASCII. */
const LOCK_CLASS = 0x74696465

export const postgresTables = (schema: string): string[] => [
  `CREATE SCHEMA IF NOT EXISTS ${schema}`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_fence (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer_group text NOT NULL,
  topic_id text NOT NULL,
  topic text NOT NULL,
  topic_partition integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (consumer_group, topic_id, topic_partition)
)`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_progress (
  fence_id integer PRIMARY KEY REFERENCES ${schema}.tidemark_fence (id) ON DELETE CASCADE,
  next_offset bigint NOT NULL,
  leader_epoch integer NOT NULL
)`,
  // No reference: it would lock the fence's row once more for each record.
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset bigint NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
)`,
  // Its statements are planned once a connection, and each sees what was committed before it: the lock first.
  `CREATE OR REPLACE FUNCTION ${schema}.tidemark_enter(fence integer, held_epoch bigint, at_offset bigint, of_epoch integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(${LOCK_CLASS}, fence);
  INSERT INTO ${schema}.tidemark_inbox AS known (fence_id, record_offset, leader_epoch)
  SELECT f.id, at_offset, of_epoch FROM ${schema}.tidemark_fence f WHERE f.id = fence AND f.epoch = held_epoch
  ON CONFLICT (fence_id, record_offset) DO UPDATE SET leader_epoch = excluded.leader_epoch
  WHERE known.leader_epoch < excluded.leader_epoch;
  RETURN FOUND;
END $$`,
]

/**
 * SQLSTATE classes: connection, resources, operator intervention (a statement that was cancelled, or took longer than
 * the server allows), system, what may be tried again, a lock that took too long, a server that became a standby.
 */
const PASSING = /^(08|53|57|58|40|55P03|25006)/
const SYSTEM = /^E[A-Z]+$|^CONNECT/

export function postgresDialect(schema: string): SqlDialect {
  const names = { fence: `${schema}.tidemark_fence`, progress: `${schema}.tidemark_progress`, inbox: `${schema}.tidemark_inbox` }
  const shared = (fence: number): string => `SELECT pg_advisory_xact_lock_shared(${LOCK_CLASS}, ${int(fence)})`
  const dialect: SqlDialect = {
    name: 'PostgreSQL',
    // Two that create the schema at once would fail on its name.
    tables: [`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, 0)`, ...postgresTables(schema)],
    ...commonStatements(names, 'greatest', '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'),
    insertFence: insertFence(names),
    upsertProgress: upsertProgress(names),
    isMissing: (error) => ['42P01', '3F000'].includes(codeOf(error)),
    isPassing: (error) => PASSING.test(codeOf(error)) || SYSTEM.test(codeOf(error)) || isPoolTrouble(error),
    isLockTimeout: (error) => codeOf(error) === '55P03',
    async lockExclusively(session, fence, timeoutMs) {
      await session.query(`SET LOCAL lock_timeout = ${int(timeoutMs)}`)
      await session.query('SET LOCAL statement_timeout = 0') // the role's own may be shorter
      await session.query(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${int(fence)})`)
      await session.query('SET LOCAL lock_timeout = 0')
    },
    async endHolders(session, fence) {
      await session.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND classid = ${LOCK_CLASS} AND objid = ${int(fence)} AND granted AND pid <> pg_backend_pid()
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
    },
    checkEpoch: (fence) => [shared(fence), `SELECT epoch FROM ${names.fence} WHERE id = ${int(fence)}`],
    prune: (session, fence, from, to) => prune(session, names.inbox, fence, from, to),
    enterFirst(holding, records) {
      const [{ offset, leaderEpoch }, ...others] = records as readonly [StoredPosition, ...StoredPosition[]]
      if (others.length > 0) return [shared(holding.fence), insertInbox(names, holding, records)]
      const values = [holding.fence, holding.epoch, offset, leaderEpoch].map(int).join(', ')
      return [`SELECT ${schema}.tidemark_enter(${values}) AS is_new`]
    },
    async enter(_, first, __, records) {
      if (records.length > 1) return offsetsOf(first.rows)
      return first.rows[0]?.is_new === true ? [records[0]!.offset] : []
    },
  }
  return dialect
}

/** `pg` gives no code to what its pool and its connections say. */
const isPoolTrouble = (error: unknown): boolean =>
  error instanceof Error &&
  codeOf(error) === '' &&
  /connection terminated|timeout exceeded|not queryable|connection error/i.test(error.message)

async function prune(session: SqlSession<unknown>, inbox: string, fence: number, from: number, to: number): Promise<number> {
  const above = to === Number.MAX_SAFE_INTEGER ? '' : ` OR record_offset >= ${int(to)}`
  const { changed } = await session.query(`DELETE FROM ${inbox} WHERE fence_id = ${int(fence)} AND (record_offset < ${int(from)}${above})`)
  return changed
}
