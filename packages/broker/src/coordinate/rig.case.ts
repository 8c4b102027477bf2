/** Coordinators in a test: a clock that is moved by hand, and a log whose appends finish when the test says so. */
import type { Now } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { lastOffsetOf, readBatchHeader, stampBatch } from '@tidemark/protocol'
import { Failure } from '../failure.ts'
import { MetadataLog } from '../metadata/metadata-log.ts'
import { Topics } from '../metadata/topics.ts'
import type { BrokerOptions, StartOptions } from '../options.ts'
import type { CheckpointStore, InternalLog } from '../partition/internal-log.ts'
import { Partitions } from '../partition/partitions.ts'
import { resolveOptions } from '../resolve-options.ts'
import type { LogPoint } from '../state/log/point.ts'
import { isIn } from '../storage/log-point.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import type { Store } from '../storage/store.ts'
import { Groups } from './groups.ts'

export { ManualClock }

/** Lets promises go on, and turns of I/O pass while somebody waits for one. */
export async function settle(clock: ManualClock): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    for (let i = 0; i < 20; i++) await Promise.resolve()
    quiet = clock.turn() ? 0 : quiet + 1
  }
}

export class TestLog implements InternalLog {
  readonly name = 'internal/test/0'
  readonly partition = 0
  start = 0
  end = 0
  readonly batches: Buffer[] = []
  /** Appends finish within the call, or when `finish` is called. */
  slow = false
  /** What the next appends throw. */
  broken: Error | undefined
  /** What reads throw. */
  unreadable: Error | undefined
  readonly #unfinished: { resolve: () => void; reject: (error: Error) => void }[] = []

  append(batch: Buffer): { readonly baseOffset: number; readonly durable: Now<void> } {
    if (this.broken !== undefined) throw this.broken
    const baseOffset = this.end
    stampBatch(batch, 0, baseOffset, 1)
    this.batches.push(batch)
    this.end = lastOffsetOf(readBatchHeader(batch)) + 1
    if (!this.slow) return { baseOffset, durable: undefined }
    return { baseOffset, durable: new Promise<void>((resolve, reject) => this.#unfinished.push({ resolve, reject })) }
  }

  read(from: number, bytesMax: number): Now<Buffer> {
    if (this.unreadable !== undefined) throw this.unreadable
    const found: Buffer[] = []
    let bytes = 0
    for (const batch of this.batches) {
      if (lastOffsetOf(readBatchHeader(batch)) < from) continue
      if (found.length > 0 && bytes + batch.length > bytesMax) break
      found.push(batch)
      bytes += batch.length
    }
    return Buffer.concat(found)
  }

  holds(point: LogPoint): Now<boolean> {
    return isIn({ start: this.start, end: this.end, read: (from, _upTo, bytesMax) => [this.read(from, bytesMax) as Buffer] }, point)
  }

  roll(): void {}

  trim(offset: number): void {
    while (this.batches.length > 0 && readBatchHeader(this.batches[0]!).baseOffset < offset) this.batches.shift()
    this.start = offset
  }

  /** The oldest append that is not finished is; or fails. */
  finish(error?: Error): void {
    const append = this.#unfinished.shift()!
    if (error === undefined) append.resolve()
    else append.reject(error)
  }

  /** What a crash of the machine leaves of it. */
  cut(batches: number): TestLog {
    const log = new TestLog()
    for (const batch of this.batches.slice(0, batches)) log.append(Buffer.from(batch))
    return log
  }
}

export class TestCheckpoints implements CheckpointStore {
  bytes: Buffer | undefined
  writes = 0
  broken: Error | undefined

  read(): Buffer | undefined {
    return this.bytes
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.broken !== undefined) throw this.broken
    this.writes++
    this.bytes = Buffer.from(bytes)
  }
}

/** The parts of a broker that groups need, put together as broker.ts does. */
export interface Parts {
  readonly options: BrokerOptions
  readonly groups: Groups
  readonly topics: Topics
  readonly partitions: Partitions
  readonly metadataLog: MetadataLog
  readonly loaded: Promise<void>
  close(): Promise<void>
}

export async function putTogether(options: BrokerOptions, store: Store): Promise<Parts> {
  const failure = new Failure(() => {})
  const metadataLog = await MetadataLog.open(store, options.platform, failure)
  await metadataLog.started
  const topics = new Topics(metadataLog, options)
  const partitions = new Partitions(store, topics, options, failure)
  const groups = new Groups({ options, platform: options.platform, topics, partitions })
  const loaded = groups.start()
  const close = async (): Promise<void> => {
    await groups.close()
    await partitions.settle()
    await metadataLog.checkpoint()
    await store.close()
  }
  return { options, groups, topics, partitions, metadataLog, loaded, close }
}

export const inMemory = (given: Omit<StartOptions, 'data'> = {}): Promise<Parts> => {
  const options = resolveOptions({ data: ':memory:', ...given })
  return putTogether(options, new MemoryStore('1'.repeat(32), options.memoryBytesMax))
}
