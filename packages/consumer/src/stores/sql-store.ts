/**
 * Exactly once into a database that speaks SQL: a fence of readers and writers.
 *
 * ```
 *   tidemark_fence      a partition of a group: epoch, owner
 *   tidemark_progress   everything below next_offset is done
 *   tidemark_inbox      one row for each record at or above next_offset that is done
 * ```
 * A handler's transaction takes the fence's lock shared, checks the epoch, adds its records to the inbox, and then
 * does the user's writes: handlers run side by side. A takeover takes the lock exclusively, which waits for every
 * transaction of the holding before it, and raises the epoch. The database itself is the barrier: a process that was
 * stopped and goes on later finds a higher epoch, whatever it believes of its group.
 *
 * Invariant: the inbox has no row below next_offset once `advance` has committed, so its size is the window of records
 * that are done out of order, plus those since the last `advance`.
 */
import { TidemarkError } from '@tidemark/platform'
import type { Database, DatabaseKind } from '../drivers/database.ts'
import { ConnectionLost, type Row, type SqlResult, type SqlSession } from '../drivers/sql.ts'
import type { Holding, StoredPartition, StoredPosition, TakenOver, TransactionalStore } from './store.ts'

/** What differs between databases. Numbers are written into the statements: they are safe integers. */
export interface SqlDialect extends DatabaseKind {
  readonly insertFence: string
  readonly selectFence: string
  /** Waits for the exclusive lock, which the transaction holds to its end. */
  lockExclusively(session: SqlSession<unknown>, fence: number, timeoutMs: number): Promise<void>
  /** Whether this error says that the time for a lock was over. */
  isLockTimeout(error: unknown): boolean
  /** Ends the sessions that have held the lock for so long, as far as this user may. */
  endHolders(session: SqlSession<unknown>, fence: number, heldMs: number): Promise<void>
  readonly raiseEpoch: string
  readonly selectEpoch: string
  readonly selectProgress: string
  readonly selectInbox: string
  /** Takes the lock shared; the last statement selects the epoch. */
  checkEpoch(fence: number): readonly string[]
  readonly upsertProgress: string
  /** Deletes what the inbox has below `from`, and from `to` on. */
  prune(session: SqlSession<unknown>, fence: number, from: number, to: number): Promise<void>
  /** The beginning of a handler's transaction. */
  enterFirst(holding: Holding, records: readonly StoredPosition[]): readonly string[]
  /** The rest of it: the offsets of the records that were not done. None in another epoch. */
  enter(session: SqlSession<unknown>, first: SqlResult, holding: Holding, records: readonly StoredPosition[]): Promise<readonly number[]>
}

export class SqlStore<Tx> implements TransactionalStore<Tx> {
  readonly #dialect: SqlDialect
  readonly #database: Database<Tx>
  readonly #takeOverTimeoutMs: number

  constructor(dialect: SqlDialect, database: Database<Tx>, takeOverTimeoutMs: number) {
    this.#dialect = dialect
    this.#database = database
    this.#takeOverTimeoutMs = takeOverTimeoutMs
  }

  get name(): string {
    return this.#dialect.name
  }

  async takeOver(partition: StoredPartition, owner: string): Promise<TakenOver> {
    await this.#database.prepare()
    const fence = await this.#fenceOf(partition, owner)
    try {
      return await this.#take(partition, fence, owner)
    } catch (error) {
      if (!(error instanceof TidemarkError) || !this.#dialect.isLockTimeout(error.cause)) throw error
      // Its holder has had all its time: a process that is stopped, or a handler that does not end.
      await this.#database.own('end the sessions of the holder before', [], (session) =>
        this.#dialect.endHolders(session, fence, this.#takeOverTimeoutMs),
      )
      return await this.#take(partition, fence, owner)
    }
  }

  async #fenceOf({ group, topic, topicId, partition }: StoredPartition, owner: string): Promise<number> {
    const { selectFence, insertFence } = this.#dialect
    // Three transactions: with a snapshot of its own, one would not see what another member inserted meanwhile.
    const find = (): Promise<unknown> =>
      this.#database.own('find the fence of a partition', [], async (session) => {
        return (await session.query(selectFence, [group, topicId, partition])).rows[0]?.id
      })
    const known = await find()
    if (known !== undefined) return Number(known)
    await this.#database.own('add the fence of a partition', [], (session) =>
      session.query(insertFence, [group, topicId, topic, partition, owner]),
    )
    return Number(await find())
  }

  #take(partition: StoredPartition, fence: number, owner: string): Promise<TakenOver> {
    const { raiseEpoch, selectEpoch, selectProgress, selectInbox } = this.#dialect
    const what = `take ${partition.topic}-${partition.partition} over`
    const take = async (session: SqlSession<Tx>): Promise<TakenOver> => {
      await this.#dialect.lockExclusively(session, fence, this.#takeOverTimeoutMs)
      await session.query(raiseEpoch, [owner, fence])
      const epoch = Number((await session.query(selectEpoch, [fence])).rows[0]!.epoch)
      const [progress] = (await session.query(selectProgress, [fence])).rows
      const position = progress && positionOf(progress, 'next_offset')
      const { rows } = await session.query(selectInbox, [fence, position?.offset ?? 0])
      return { holding: { partition, fence, epoch }, position, done: rows.map((row) => positionOf(row, 'record_offset')) }
    }
    return this.#database.own(what, [], take, this.#takeOverTimeoutMs)
  }

  async begin(holding: Holding, position: StoredPosition, doneBelow: number): Promise<void> {
    await this.#move(holding, position, Math.max(position.offset, doneBelow))
  }

  async advance(holding: Holding, position: StoredPosition): Promise<void> {
    await this.#move(holding, position, Number.MAX_SAFE_INTEGER)
  }

  async #move(holding: Holding, { offset, leaderEpoch }: StoredPosition, keepBelow: number): Promise<void> {
    const { fence, epoch } = holding
    await this.#database.own('keep the position', this.#dialect.checkEpoch(fence), async (session, { rows }) => {
      if (Number(rows[0]?.epoch) !== epoch) throw fenced(holding, this.name)
      await session.query(this.#dialect.upsertProgress, [fence, offset, leaderEpoch])
      await this.#dialect.prune(session, fence, offset, keepBelow)
    })
  }

  async run(
    holding: Holding,
    records: readonly StoredPosition[],
    work: (tx: Tx, fresh: readonly StoredPosition[]) => unknown,
  ): Promise<void> {
    let working: Promise<unknown> | undefined
    let failure: { readonly error: unknown } | undefined
    let isWorked = false
    const body = async (session: SqlSession<Tx>, first: SqlResult): Promise<void> => {
      const offsets = await this.#enter(session, first, holding, records)
      if (offsets.length === 0) return
      const fresh = offsets.length === records.length ? records : records.filter((r) => offsets.includes(r.offset))
      working = (async () => work(session.tx, fresh))()
      await working.catch((error) => {
        failure = { error }
        throw error
      })
      isWorked = true
    }
    try {
      const first = this.#dialect.enterFirst(holding, records)
      await this.#database.transaction(first, body)
    } catch (error) {
      await working?.catch(() => {}) // the connection may be lost while the handler still runs
      if (failure !== undefined && !(error instanceof ConnectionLost)) throw failure.error
      // A deferred constraint, or a statement that failed and whose error was caught: the next attempt may do better.
      if (isWorked && !this.#database.mayPass(error)) throw error
      throw this.#database.named(`write a transaction for ${placeOf(holding)}`, error)
    }
  }

  async #enter(
    session: SqlSession<Tx>,
    first: SqlResult,
    holding: Holding,
    records: readonly StoredPosition[],
  ): Promise<readonly number[]> {
    const offsets = await this.#dialect.enter(session, first, holding, records)
    if (offsets.length === records.length) return offsets
    const { rows } = await session.query(this.#dialect.selectEpoch, [holding.fence])
    if (Number(rows[0]?.epoch) !== holding.epoch) throw fenced(holding, this.name)
    return offsets
  }
}

function fenced({ partition: { group, topic, partition }, epoch }: Holding, store: string): TidemarkError {
  const text = `another member of group '${group}' has taken ${topic}-${partition} over in ${store} since epoch ${epoch}: nothing was written`
  return new TidemarkError('FENCED', text, { topic, partition })
}

const placeOf = ({ partition: { topic, partition } }: Holding): string => `${topic}-${partition}`

function positionOf(row: Row, column: string): StoredPosition {
  const offset = Number(row[column])
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`the table has ${String(row[column])} as ${column}`)
  return { offset, leaderEpoch: Number(row.leader_epoch) }
}
