/** The tables, their columns and the statements that all databases have in common. */
import { int } from '../drivers/sql.ts'
import type { SqlDialect } from './sql-store.ts'
import type { Holding, StoredPosition } from './store.ts'

export interface TableNames {
  readonly fence: string
  readonly progress: string
  readonly inbox: string
}

type CommonStatements = Pick<
  SqlDialect,
  'selectFence' | 'raiseEpoch' | 'selectEpoch' | 'selectProgress' | 'lockProgress' | 'selectInbox' | 'probe'
>

/**
 * With `?` for values. `nowMicros` is an expression for the microseconds since 1970: an epoch is never lower, so that a
 * database that was restored to an earlier state gives none away twice.
 */
export const commonStatements = ({ fence, progress, inbox }: TableNames, greatest: string, nowMicros: string): CommonStatements => ({
  selectFence: `SELECT id FROM ${fence} WHERE consumer_group = ? AND topic_id = ? AND topic_partition = ?`,
  raiseEpoch: `UPDATE ${fence} SET epoch = ${greatest}(epoch + 1, ${nowMicros}), owner = ?, taken_at = CURRENT_TIMESTAMP WHERE id = ?`,
  selectEpoch: `SELECT epoch FROM ${fence} WHERE id = ?`,
  selectProgress: `SELECT next_offset, leader_epoch FROM ${progress} WHERE fence_id = ?`,
  lockProgress: `SELECT next_offset FROM ${progress} WHERE fence_id = ? FOR UPDATE`,
  selectInbox: `SELECT record_offset, leader_epoch FROM ${inbox} WHERE fence_id = ? AND record_offset >= ? ORDER BY record_offset`,
  probe: `SELECT 1 FROM ${fence}, ${progress}, ${inbox} WHERE 1 = 0`,
})

/** `ON CONFLICT`, as PostgreSQL and SQLite have it. Values as `?`. */
export const upsertProgress = ({ progress }: TableNames): string =>
  `INSERT INTO ${progress} (fence_id, next_offset, leader_epoch) VALUES (?, ?, ?)
   ON CONFLICT (fence_id) DO UPDATE SET next_offset = excluded.next_offset, leader_epoch = excluded.leader_epoch`

export const insertFence = ({ fence }: TableNames): string =>
  `INSERT INTO ${fence} (consumer_group, topic_id, topic, topic_partition, owner) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

/**
 * Adds records to the inbox while the epoch is the holding's, and returns those that were not done. A record that was
 * appended under a later leader than the one in the inbox is another record: there the log was truncated.
 */
export function insertInbox({ fence, inbox }: TableNames, holding: Holding, records: readonly StoredPosition[]): string {
  const values = records.map((r) => `(${int(r.offset)}, ${int(r.leaderEpoch)})`).join(', ')
  return `WITH record (record_offset, leader_epoch) AS (VALUES ${values})
    INSERT INTO ${inbox} AS known (fence_id, record_offset, leader_epoch)
    SELECT f.id, r.record_offset, r.leader_epoch FROM ${fence} f, record r WHERE f.id = ${int(holding.fence)} AND f.epoch = ${int(holding.epoch)}
    ON CONFLICT (fence_id, record_offset) DO UPDATE SET leader_epoch = excluded.leader_epoch
    WHERE known.leader_epoch < excluded.leader_epoch
    RETURNING record_offset`
}

export const offsetsOf = (rows: readonly Readonly<Record<string, unknown>>[]): number[] => rows.map((row) => Number(row.record_offset))
