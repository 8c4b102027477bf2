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
 *
 * A holding remembers what it has on record above the position. If `advance` does not find that, the database has lost
 * what it had committed (a failover to a server that lagged, a restored backup): the holding is over, so that what was
 * lost is done again.
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
  /** The position, locked as what writes it does. */
  readonly lockProgress: string
  readonly selectInbox: string
  /** Takes the lock shared; the last statement selects the epoch. */
  checkEpoch(fence: number): readonly string[]
  readonly upsertProgress: string
  /** Deletes what the inbox has below `from`, and from `to` on. Resolves with how many rows that were. */
  prune(session: SqlSession<unknown>, fence: number, from: number, to: number): Promise<number>
  /** The beginning of a handler's transaction. */
  enterFirst(holding: Holding, records: readonly StoredPosition[]): readonly string[]
  /** The rest of it: the offsets of the records that were not done. None in another epoch. */
  enter(session: SqlSession<unknown>, first: SqlResult, holding: Holding, records: readonly StoredPosition[]): Promise<readonly number[]>
}

/** What a holding has on record. */
interface Written {
  position: number
  /** Offsets at or above it that are done. */
  readonly done: Set<number>
}

export class SqlStore<Tx> implements TransactionalStore<Tx> {
  readonly #dialect: SqlDialect
  readonly #database: Database<Tx>
  readonly #takeOverTimeoutMs: number
  readonly #written = new WeakMap<Holding, Written>()

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

  async #take(partition: StoredPartition, fence: number, owner: string): Promise<TakenOver> {
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
    const taken = await this.#database.own(what, [], take, this.#takeOverTimeoutMs)
    this.#written.set(taken.holding, { position: taken.position?.offset ?? 0, done: new Set(taken.done.map(({ offset }) => offset)) })
    return taken
  }

  async begin(holding: Holding, { offset, leaderEpoch }: StoredPosition, doneBelow: number): Promise<void> {
    await this.#move(holding, async (session) => {
      await session.query(this.#dialect.upsertProgress, [holding.fence, offset, leaderEpoch])
      await this.#dialect.prune(session, holding.fence, offset, Math.max(offset, doneBelow))
    })
    const { done } = this.#writtenOf(holding)
    this.#written.set(holding, { position: offset, done: new Set([...done].filter((o) => o >= offset && o < doneBelow)) })
  }

  async advance(holding: Holding, { offset, leaderEpoch }: StoredPosition): Promise<void> {
    const written = this.#writtenOf(holding)
    await this.#move(holding, async (session) => {
      const [progress] = (await session.query(this.#dialect.lockProgress, [holding.fence])).rows
      const from = Number(progress?.next_offset ?? 0) // beyond the position: the answer to an earlier call was lost
      await session.query(this.#dialect.upsertProgress, [holding.fence, offset, leaderEpoch])
      const deleted = await this.#dialect.prune(session, holding.fence, offset, Number.MAX_SAFE_INTEGER)
      let known = 0
      for (const o of written.done) if (o >= from && o < offset) known++
      if (from < written.position || deleted < known) throw forgetful(holding, this.name, written, from, known - deleted)
    })
    written.position = offset
    for (const o of written.done) if (o < offset) written.done.delete(o)
  }

  async #move(holding: Holding, write: (session: SqlSession<Tx>) => Promise<void>): Promise<void> {
    await this.#database.own('keep the position', this.#dialect.checkEpoch(holding.fence), async (session, { rows }) => {
      if (Number(rows[0]?.epoch) !== holding.epoch) throw fenced(holding, this.name)
      await write(session)
    })
  }

  #writtenOf(holding: Holding): Written {
    return this.#written.get(holding) ?? { position: 0, done: new Set() }
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
      const { done } = this.#writtenOf(holding)
      for (const { offset } of records) done.add(offset)
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

/** Another server took its place, or it was restored from a backup, and this process went on. */
function forgetful(
  { partition: { topic, partition } }: Holding,
  store: string,
  { position }: Written,
  from: number,
  records: number,
): TidemarkError {
  const what =
    from < position ? `its position went back from ${position} to ${from}` : `${records} records that were done are not on record`
  const text = `${store} has lost what it had committed for ${topic}-${partition}: ${what}; the work goes on from what it has`
  return new TidemarkError('FENCED', text, { topic, partition })
}

const placeOf = ({ partition: { topic, partition } }: Holding): string => `${topic}-${partition}`

function positionOf(row: Row, column: string): StoredPosition {
  const offset = Number(row[column])
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`the table has ${String(row[column])} as ${column}`)
  return { offset, leaderEpoch: Number(row.leader_epoch) }
}
