/**
 * The partitions of all topics, each opened when it is first used: an unused one costs neither memory nor a file, and
 * after a crash each log is repaired when it is first asked for.
 */
import type { Now } from '@tidemark/platform'
import { int53, putInt53, readBatchHeader } from '@tidemark/protocol'
import type { Failure } from '../failure.ts'
import type { Topic, Topics } from '../metadata/topics.ts'
import { after, attempt, isLater } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import type { TopicSettings } from '../state/configs/topic-configs.ts'
import type { OFFSETS_TOPIC } from '../state/topics/names.ts'
import type { LogLimits, SegmentFacts } from '../storage/log.ts'
import { isIn } from '../storage/log-point.ts'
import type { Store } from '../storage/store.ts'
import type { CheckpointStore, InternalLog, InternalTopic } from './internal-log.ts'
import { loadState, STATE_FILE } from './load-state.ts'
import { Partition } from './partition.ts'

const CHECKPOINT_FILE = 'checkpoint'
/** The offset (int64) up to which the log was compacted. */
const COMPACTED_FILE = 'compacted'
const OFFSET_BYTES = 8
/** There are many of the broker's own logs, each is small, and no group can be asked for before its log is read. */
const INTERNAL_RECOVERY_BYTES_MAX = 1024 * 1024
/** File systems take names of 255 bytes; a topic's may have 249, and the id comes behind it. */
const NAME_CHARS_MAX = 200

type InternalTopicName = typeof OFFSETS_TOPIC

/** Topics that were deleted and made again, or whose names differ in case only, stay apart by their ids. */
const folderOf = (topic: Topic): string =>
  topic.internal ? `internal/${topic.name}` : `topics/${topic.name.slice(0, NAME_CHARS_MAX)}.${topic.id.slice(0, 16)}`

export class Partitions {
  readonly #store: Store
  readonly #topics: Topics
  readonly #options: BrokerOptions
  readonly #failure: Failure
  /** By topic id, then by partition. */
  readonly #open = new Map<string, Map<number, Now<Partition>>>()
  readonly #background = new Set<Promise<void>>()

  constructor(store: Store, topics: Topics, options: BrokerOptions, failure: Failure) {
    this.#store = store
    this.#topics = topics
    this.#options = options
    this.#failure = failure
    topics.onDeleted((topic) => this.#remove(topic))
  }

  /** The partition if it was opened before. */
  get(topic: Topic, index: number): Partition | undefined {
    const partition = this.#open.get(topic.id)?.get(index)
    return partition instanceof Partition ? partition : undefined
  }

  /** The epoch in which they are led has changed. */
  led(): void {
    const { leaderEpoch } = this.#topics
    for (const ofTopic of this.#open.values()) {
      for (const partition of ofTopic.values()) {
        const told = after(partition, (it) => it.led(leaderEpoch))
        if (isLater(told)) told.catch(() => {}) // who opened it has its failure
      }
    }
  }

  /** Undefined: the topic has no such partition. */
  open(topic: Topic, index: number): Now<Partition> | undefined {
    let ofTopic = this.#open.get(topic.id)
    const known = ofTopic?.get(index)
    if (known !== undefined) return known
    if (!hasPartition(topic, index)) return undefined
    if (ofTopic === undefined) this.#open.set(topic.id, (ofTopic = new Map()))
    const opened = this.#make(topic, index)
    ofTopic.set(index, opened)
    // The caller waits for `opened`, and has its failure.
    if (isLater(opened)) opened.then((partition) => ofTopic.has(index) && ofTopic.set(index, partition)).catch(() => {})
    return opened
  }

  #make(topic: Topic, index: number): Now<Partition> {
    const name = `${folderOf(topic)}/${index}`
    const limits = this.#limitsOf(topic, index)
    const events = { onCheckpoint: () => this.get(topic, index)?.checkpoint() }
    let log: ReturnType<Store['open']>
    try {
      log = this.#store.open(name, limits, events)
    } catch (cause) {
      throw this.#failure.report(cause)
    }
    const of = { topic: topic.name, topicId: topic.id, index, leaderEpoch: this.#topics.leaderEpoch }
    const opened = after(
      log,
      (it) =>
        new Partition(of, it, {
          load: () => loadState(this.#store, name, it, this.#options.producersPerPartitionMax),
          save: (state, point) => {
            this.#store.writeSmall(name, STATE_FILE, state.snapshot(point)).catch((cause) => this.#failure.report(cause))
          },
          loadCompacted: () => readOffset(this.#store.readSmall(name, COMPACTED_FILE)),
          saveCompacted: (offset) => {
            this.#store.writeSmall(name, COMPACTED_FILE, offsetBytes(offset)).catch((cause) => this.#failure.report(cause))
          },
          failure: () => this.#failure.error,
          onFailure: (cause) => this.#failure.report(cause),
        }),
    )
    return isLater(opened) ? opened.catch((cause) => Promise.reject(this.#failure.report(cause))) : opened
  }

  /** They follow the settings of the topic. */
  #limitsOf({ id, internal }: Topic, index: number): LogLimits {
    const topics = this.#topics
    const settings = (): TopicSettings | undefined => {
      const topic = topics.byId(id)
      return topic && topics.logSettings(topic, index)
    }
    return {
      get segmentBytesMax() {
        return settings()?.segmentBytesMax ?? Number.POSITIVE_INFINITY
      },
      get segmentMsMax() {
        return settings()?.segmentMsMax ?? Number.POSITIVE_INFINITY
      },
      ...(internal && { recoveryBytesMax: INTERNAL_RECOVERY_BYTES_MAX }),
    }
  }

  /** What the partition takes. Throws, or rejects, as `open` does. */
  bytesOf(topic: Topic, index: number): Now<number> {
    const opened = this.get(topic, index)
    if (opened !== undefined) return opened.log.bytes
    return after(this.peek(topic, index), (segments) =>
      segments === undefined
        ? after(this.open(topic, index)!, ({ log }) => log.bytes)
        : segments.reduce((sum, { bytes }) => sum + bytes, 0),
    )
  }

  /** The segments of a partition that is not open; undefined: only opening it tells. */
  peek(topic: Topic, index: number): Now<readonly SegmentFacts[] | undefined> {
    return this.#store.peek(`${folderOf(topic)}/${index}`)
  }

  #remove(topic: Topic): void {
    const ofTopic = this.#open.get(topic.id)
    this.#open.delete(topic.id)
    for (const partition of ofTopic?.values() ?? []) if (!isLater(partition)) partition.delete()
    const opening = [...(ofTopic?.values() ?? [])].filter(isLater).map((opened) => opened.then((partition) => partition.delete()))
    this.#inBackground(Promise.allSettled(opening).then(() => this.#store.remove(folderOf(topic))))
  }

  #inBackground(work: Promise<void>): void {
    const guarded = work.catch((cause) => void this.#failure.report(cause))
    this.#background.add(guarded)
    void guarded.then(() => this.#background.delete(guarded))
  }

  /** The logs of an internal topic, for its coordinators. */
  internalTopic(topicName: InternalTopicName): InternalTopic {
    return {
      name: topicName,
      used: () => this.#usedPartitions(topicName),
      open: (index) => this.#internalLog(topicName, index),
      checkpoints: (index) => (this.#store.outlivesProcess ? this.#checkpointStore(topicName, index) : undefined),
    }
  }

  /**
   * The topic is made at the first call. What cannot be read back of it cannot be done without: the broker ends, as
   * where it cannot write.
   */
  #internalLog(topicName: InternalTopicName, index: number): Now<InternalLog> {
    return after(this.#topics.internal(topicName, this.#options.offsetsPartitions), (topic) =>
      after(this.open(topic, index)!, (partition) =>
        after(
          this.#needed(() => partition.state()),
          () => this.#internalLogOf(partition),
        ),
      ),
    )
  }

  #needed<T>(read: () => Now<T>): Now<T> {
    return attempt(read, (cause) => {
      throw this.#failure.report(cause)
    })
  }

  /** The partitions of an internal topic in which something was written, in order. */
  #usedPartitions(topicName: InternalTopicName): readonly number[] {
    const names = this.#store.list(`internal/${topicName}`)
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b)
  }

  #checkpointStore(topicName: InternalTopicName, index: number): CheckpointStore {
    const name = `internal/${topicName}/${index}`
    return {
      read: () => this.#store.readSmall(name, CHECKPOINT_FILE),
      write: (bytes) => {
        const topic = this.#topics.byName(topicName)
        // What the partition knows reaches as far then: a start reads the log from there for both.
        if (topic !== undefined) this.get(topic, index)?.checkpoint()
        return this.#store.writeSmall(name, CHECKPOINT_FILE, bytes)
      },
    }
  }

  *opened(): Generator<{ readonly topic: Topic; readonly partition: Partition }> {
    for (const [id, ofTopic] of this.#open) {
      const topic = this.#topics.byId(id)
      for (const partition of ofTopic.values()) if (topic !== undefined && !isLater(partition)) yield { topic, partition }
    }
  }

  /** Removes what deleted topics left behind where a crash came before their files were gone. */
  sweep(): void {
    this.#inBackground(this.#sweep())
  }

  async #sweep(): Promise<void> {
    const known = new Set<string>()
    for (const topic of this.#topics.all()) known.add(folderOf(topic))
    for (const name of [...this.#store.list('topics')].sort()) {
      if (!known.has(`topics/${name}`)) await this.#store.remove(`topics/${name}`)
    }
  }

  /** Nothing is being opened or removed any more, finished appends are shown, and what is known of them is saved. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].flatMap((ofTopic) => [...ofTopic.values()].filter(isLater)))
    while (this.#background.size > 0) await Promise.all(this.#background)
    for (const { partition } of this.opened()) {
      await partition.settled()
      partition.checkpoint()
    }
  }

  #internalLogOf(partition: Partition): InternalLog {
    const read = (from: number, bytesMax: number): Now<Buffer> =>
      after(partition.log.read(from, partition.end, bytesMax), (found) => (found.length === 1 ? found[0]! : Buffer.concat(found)))
    return {
      name: `internal/${partition.topic}/${partition.index}`,
      partition: partition.index,
      get start() {
        return partition.start
      },
      get end() {
        return partition.end
      },
      append: (batch) => partition.append(batch, readBatchHeader(batch)),
      read: (from, bytesMax) => this.#needed(() => read(from, bytesMax)),
      holds: (point) => this.#needed(() => isIn(partition.log, point)),
      roll: () => partition.log.roll(),
      trim: (offset) => partition.trim(offset),
    }
  }
}

/** 0 for a file that is missing or damaged. */
const readOffset = (bytes: Buffer | undefined): number => (bytes?.length === OFFSET_BYTES ? Math.max(0, int53(bytes, 0)) : 0)

function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.alloc(OFFSET_BYTES)
  putInt53(bytes, 0, offset)
  return bytes
}
