/**
 * Writes `__cluster_metadata` and holds its fold. A record is applied once it is in the log; `write` finishes when
 * the record is durable.
 */
import { counted, type Now, type Platform } from '@tidemark/platform'
import { buildBatch, RecordCursor, readBatchHeader } from '@tidemark/protocol'
import { damage } from '../damage.ts'
import { type Failure, isMemoryFull } from '../failure.ts'
import { after } from '../now.ts'
import { Metadata } from '../state/cluster/metadata.ts'
import { decodeMetadata, encodeMetadata, type MetadataRecord } from '../state/cluster/records.ts'
import { crcOf } from '../state/log/point.ts'
import type { Log } from '../storage/log.ts'
import { isIn } from '../storage/log-point.ts'
import type { Store } from '../storage/store.ts'
import { damagedAt, wholeBatches } from '../whole-batches.ts'

const LOG = 'internal/__cluster_metadata/0'
const CHECKPOINT = 'checkpoint'
const SEGMENT_BYTES_MAX = 64 * 1024 * 1024
const READ_BYTES_MAX = 1024 * 1024
/** A checkpoint is written when so many records are newer than the last one, and as many as that one held. */
const CHECKPOINT_RECORDS = 1000
/** A log on disk that has grown so far, and to so many times what it says, is condensed. */
const CONDENSED_FROM_BYTES = 4 * 1024 * 1024
const CONDENSED_FROM_TIMES = 4
/** Topics that an error names. */
const NAMED_MAX = 5

export class MetadataLog {
  readonly metadata = new Metadata()
  readonly #store: Store
  readonly #log: Log
  readonly #platform: Platform
  readonly #failure: Failure
  #checkpointAt = 0
  #condensedBytes = 0
  #lastCrc = 0
  /**
   * Finished once a crash cannot take back that this start has a leader epoch of its own: no client is served before.
   */
  started: Now<void> = undefined

  private constructor(store: Store, log: Log, platform: Platform, failure: Failure) {
    this.#store = store
    this.#log = log
    this.#platform = platform
    this.#failure = failure
  }

  /**
   * Reads the log back and raises the leader epoch: no partition is led in the epoch of an earlier start. `newSecret`
   * makes the secret of SCRAM salts if there is none yet.
   */
  static async open(store: Store, platform: Platform, failure: Failure, newSecret?: () => Buffer): Promise<MetadataLog> {
    const log = await store.open(LOG, { segmentBytesMax: SEGMENT_BYTES_MAX, syncsAlways: true }, { onCheckpoint() {} })
    if (log.end === 0) checkFresh(store)
    const it = new MetadataLog(store, log, platform, failure)
    await it.#replay(await it.#restore())
    const { leaderEpoch, scramSecret } = it.metadata
    const secret = scramSecret === null ? newSecret?.() : undefined
    const start = { kind: 'start', leaderEpoch: leaderEpoch + 1, startedMs: platform.clock.now() } as const
    it.started = it.write([{ ...start, ...(secret && { scramSecret: secret }) }])
    return it
  }

  /** The offset that the next record gets. */
  get end(): number {
    return this.#log.end
  }

  /** Returns the offset to go on from. */
  async #restore(): Promise<number> {
    const bytes = this.#store.readSmall(LOG, CHECKPOINT)
    if (bytes === undefined) return this.#log.start
    const point = new Metadata().restore(bytes)
    if (!(await isIn(this.#log, point))) return this.#log.start
    this.#checkpointAt = point.reaches
    this.metadata.restore(bytes)
    return point.reaches
  }

  async #replay(from: number): Promise<void> {
    while (from < this.#log.end) {
      const before = from
      for (const bytes of await this.#log.read(from, this.#log.end, READ_BYTES_MAX)) {
        for (const { at, header } of wholeBatches(bytes, LOG)) {
          const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
          while (cursor.next()) if (cursor.offset >= from) this.metadata.apply(decodeMetadata(cursor.value!))
          from = header.baseOffset + header.lastOffsetDelta + 1
        }
      }
      if (from <= before) throw damagedAt(LOG, before)
    }
  }

  /** Writes and applies; finished once a crash cannot take it back. */
  write(records: readonly MetadataRecord[]): Now<void> {
    const durable = this.#write(records)
    for (const record of records) this.metadata.apply(record)
    if (this.#log.end - this.#checkpointAt >= Math.max(CHECKPOINT_RECORDS, this.metadata.byId.size)) void this.checkpoint()
    return after(durable, () => {})
  }

  #write(records: readonly MetadataRecord[]): Now<void> {
    if (this.#failure.error !== undefined) throw this.#failure.error
    const nowMs = this.#platform.clock.now()
    const batch = buildBatch(
      records.map((record) => encodeMetadata(record, nowMs)),
      { baseOffset: this.#log.end, leaderEpoch: this.metadata.leaderEpoch },
    )
    const lastCrc = crcOf(batch)
    const durable = this.#append(batch)
    this.#lastCrc = lastCrc
    return durable
  }

  #append(batch: Buffer): Now<void> {
    try {
      const durable = this.#log.append(batch, readBatchHeader(batch))
      if (durable instanceof Promise) {
        return durable.catch((cause) => {
          throw this.#failure.report(cause)
        })
      }
    } catch (cause) {
      throw this.#failure.report(cause)
    }
  }

  /** In memory, where no start reads it back, the log is condensed instead. */
  async checkpoint(): Promise<void> {
    if (this.#checkpointAt === this.#log.end) return
    if (!this.#store.outlivesProcess || this.#isMostlyOld()) await this.#condense()
    if (!this.#store.outlivesProcess) return
    this.#checkpointAt = this.#log.end
    try {
      await this.#store.writeSmall(LOG, CHECKPOINT, this.metadata.checkpoint({ reaches: this.#log.end, lastCrc: this.#lastCrc }))
    } catch (cause) {
      this.#failure.report(cause)
    }
  }

  #isMostlyOld(): boolean {
    return this.#log.bytes >= Math.max(CONDENSED_FROM_BYTES, this.#condensedBytes * CONDENSED_FROM_TIMES)
  }

  /**
   * Writes all that is known once more at the end of the log, and forgets what lies before once a crash cannot take
   * that back.
   */
  #condense(): Now<void> {
    this.#log.roll()
    const from = this.#log.end
    const before = this.#log.bytes
    let durable: Now<void> | undefined
    try {
      durable = this.#write(this.metadata.records())
    } catch (error) {
      // If memory is full the log stays as it is.
      if (!isMemoryFull(error)) throw error
    }
    this.#checkpointAt = this.#log.end
    this.#condensedBytes = this.#log.bytes - before
    return after(durable, () => {
      if (this.#log.end > from) this.#log.trim(from)
    })
  }
}

/**
 * A folder in which anything was written has metadata: every start begins with a record of it. Without this the topics
 * would count as deleted, and their folders would be removed. Throws LOG_DAMAGED.
 */
function checkFresh(store: Store): void {
  const topics = store.list('topics').map((name) => name.replace(/\.[0-9a-f]+$/, ''))
  const others = store.list('internal').filter((name) => !LOG.startsWith(`internal/${name}/`))
  const first = topics.sort().slice(0, NAMED_MAX).join(', ')
  const found =
    topics.length > 0
      ? `the folder of the data has ${counted(topics.length, 'topic')} (${first}${topics.length > NAMED_MAX ? ', …' : ''})`
      : others.length > 0
        ? `the folder of the data has ${others.sort().join(', ')}`
        : store.readSmall(LOG, CHECKPOINT) !== undefined
          ? 'its checkpoint says that it had some'
          : undefined
  if (found !== undefined) throw damage(store.pathOf(LOG), `has no records, and ${found}`)
}
