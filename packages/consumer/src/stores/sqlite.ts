/**
 * The fence in SQLite: every transaction begins with the file's one write lock, which is as good as an exclusive one.
 */
import { int } from '../drivers/sql.ts'
import type { SqlDialect } from './sql-store.ts'
import { commonStatements, insertFence, insertInbox, offsetsOf, type TableNames, upsertProgress } from './tables.ts'

export const sqliteTables = (schema: string): string[] => [
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_fence (
  id integer PRIMARY KEY,
  consumer_group text NOT NULL,
  topic_id text NOT NULL,
  topic text NOT NULL,
  topic_partition integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  owner text NOT NULL,
  taken_at text NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (consumer_group, topic_id, topic_partition)
)`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_progress (
  fence_id integer PRIMARY KEY,
  next_offset integer NOT NULL,
  leader_epoch integer NOT NULL
)`,
  `CREATE TABLE IF NOT EXISTS ${schema}.tidemark_inbox (
  fence_id integer NOT NULL,
  record_offset integer NOT NULL,
  leader_epoch integer NOT NULL,
  PRIMARY KEY (fence_id, record_offset)
) WITHOUT ROWID`,
]

const messageOf = (error: unknown): string => String((error as Error | null)?.message)

export function sqliteDialect(schema: string): SqlDialect {
  const names: TableNames = {
    fence: `${schema}.tidemark_fence`,
    progress: `${schema}.tidemark_progress`,
    inbox: `${schema}.tidemark_inbox`,
  }
  return {
    name: 'SQLite',
    tables: sqliteTables(schema),
    ...commonStatements(names, 'max', "CAST((julianday('now') - 2440587.5) * 86400000 AS integer) * 1000"),
    lockProgress: `SELECT next_offset FROM ${names.progress} WHERE fence_id = ?`, // BEGIN IMMEDIATE has the lock
    insertFence: insertFence(names),
    upsertProgress: upsertProgress(names),
    isMissing: (error) => /no such table/.test(messageOf(error)),
    isPassing: (error) => /database( table)? is locked|SQLITE_BUSY|disk I\/O error|database or disk is full/.test(messageOf(error)),
    isLockTimeout: () => false,
    lockExclusively: async () => {}, // BEGIN IMMEDIATE has it
    endHolders: async () => {},
    checkEpoch: (fence) => [`SELECT epoch FROM ${names.fence} WHERE id = ${int(fence)}`],
    async prune(session, fence, from, to) {
      const above = to === Number.MAX_SAFE_INTEGER ? '' : ` OR record_offset >= ${int(to)}`
      const { changed } = await session.query(
        `DELETE FROM ${names.inbox} WHERE fence_id = ${int(fence)} AND (record_offset < ${int(from)}${above})`,
      )
      return changed
    },
    enterFirst: (holding, records) => [insertInbox(names, holding, records)],
    enter: async (_, first) => offsetsOf(first.rows),
  }
}
