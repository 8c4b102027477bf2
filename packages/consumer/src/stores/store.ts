/**
 * A store of a user's in which a record's effect and the record's place are written by one transaction, so that each
 * happens exactly once: the interface that the runtime works with. `sql-store.ts` has the algorithm for databases
 * that speak SQL.
 *
 * Invariants that every store keeps: a record that `run` reported as done is never given to `run`'s work again, under
 * any holding of its partition. Once `takeOver` has resolved, no transaction of an earlier holding writes anything: it
 * fails with FENCED. A topic that was created again under its old name is another topic.
 */

/** A partition as a store names it. */
export interface StoredPartition {
  readonly group: string
  /** For people who look at the tables: the identity is the topic's id. */
  readonly topic: string
  /** In Kafka's spelling; the topic's name where the broker has no ids. */
  readonly topicId: string
  readonly partition: number
}

/** A place in a log, and the leader epoch of the record before it, or of the record itself; -1: not known. */
export interface StoredPosition {
  readonly offset: number
  readonly leaderEpoch: number
}

/** The right to write for a partition, until somebody else takes it over. */
export interface Holding {
  readonly partition: StoredPartition
  /** Names the partition in the store. */
  readonly fence: number
  /** Grows with every takeover. */
  readonly epoch: number
}

export interface TakenOver {
  readonly holding: Holding
  /** Everything below is done. Undefined: the store has never seen the partition. */
  readonly position: StoredPosition | undefined
  /** Records at or above the position that are done, in ascending order. */
  readonly done: readonly StoredPosition[]
}

/**
 * All calls reject with `TidemarkError`: FENCED if the holding was taken over, STORE_UNAVAILABLE where a retry may
 * help, STORE_FAILED where none will.
 */
export interface TransactionalStore<Tx> {
  /** For messages: 'PostgreSQL'. */
  readonly name: string
  /**
   * Ends every earlier holding of the partition: waits for its transactions, and refuses new ones. `owner` is for
   * people who look at the tables.
   */
  takeOver(partition: StoredPartition, owner: string): Promise<TakenOver>
  /**
   * Work begins at this position, wherever it stood before (a first start, a seek). What is done in
   * [offset, doneBelow) stays done.
   */
  begin(holding: Holding, position: StoredPosition, doneBelow: number): Promise<void>
  /**
   * One transaction: marks the records as done and calls `work` with those that were not, in one go. `work` is not
   * called if all of them were. A rejection of `work` rolls everything back, and is what `run` rejects with; so does a
   * refusal of the database to commit what `work` wrote. `work` cannot end the transaction, nor use `tx` once it has
   * ended.
   */
  run(holding: Holding, records: readonly StoredPosition[], work: (tx: Tx, fresh: readonly StoredPosition[]) => unknown): Promise<void>
  /**
   * Everything below the position is done: what the store remembers of single records there goes. FENCED, too, if the
   * store has lost what this holding had written: the partition is to be taken over again.
   */
  advance(holding: Holding, position: StoredPosition): Promise<void>
}
