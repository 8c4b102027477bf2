/** Reads a topic and its copy in step, and compares every record. */
import { createAdmin, type Kafka, read } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { fingerprintOf } from '../translate/fingerprint.ts'
import type { PlaceFinder } from './places.ts'
import type { GraduatingTopic } from './plan-graduation.ts'
import { Superseded } from './superseded.ts'

/** Of one partition: up to where both sides were found to be the same. */
export interface ComparedTo {
  /** The next offset of the source. */
  readonly source: number
  /** The next offset of the copy: so many records are the same. */
  readonly copy: number
}

export interface CompareOptions {
  /** From where on, by partition. */
  readonly from: readonly ComparedTo[]
  /** Told of each record that is the same. */
  readonly places: PlaceFinder
  readonly signal: AbortSignal | undefined
  readonly onRecords: (count: number) => void
}

/** Records that are compared between two reports. */
const TOLD_EVERY = 10_000
export const BUFFER_BYTES = 16 * 1024 * 1024

/** Nothing is compared yet. */
export async function comparedNothing(from: Kafka, { topic }: GraduatingTopic, signal: AbortSignal | undefined): Promise<ComparedTo[]> {
  const starts = await createAdmin(from).topics.offsets(topic, 'earliest', { signal })
  return starts.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => ({ source: offset, copy: 0 }))
}

/**
 * What the copy has is what its source begins with; the rest of it may be missing. Rejects with TOPIC_EXISTS at the
 * first record that differs.
 */
export async function compareBeginning(from: Kafka, to: Kafka, topic: GraduatingTopic, options: CompareOptions): Promise<ComparedTo[]> {
  const { signal } = options
  const starts = await createAdmin(to).topics.offsets(topic.topic, 'earliest', { signal })
  const cut = starts.find(({ offset }) => offset !== 0)
  if (cut !== undefined)
    throw notACopy(topic, { ...cut, offset: 0 }, `lacks the records before offset ${cut.offset}, which were deleted there`)
  return inStep(from, to, topic, options, 'beginning')
}

/** Both sides have the same records to the end. Rejects with GRADUATION_FAILED at the first that differs. */
export function compareRest(from: Kafka, to: Kafka, topic: GraduatingTopic, options: CompareOptions): Promise<ComparedTo[]> {
  return inStep(from, to, topic, options, 'rest')
}

async function inStep(
  from: Kafka,
  to: Kafka,
  topic: GraduatingTopic,
  options: CompareOptions,
  part: 'beginning' | 'rest',
): Promise<ComparedTo[]> {
  let told = 0
  const onRecord = (): void => {
    if (++told % TOLD_EVERY === 0) options.onRecords(TOLD_EVERY)
  }
  const compared: ComparedTo[] = []
  for (const [partition, begin] of options.from.entries()) {
    compared.push(await partitionInStep(from, to, topic, { ...options, partition, begin, part, onRecord }))
  }
  if (told % TOLD_EVERY > 0) options.onRecords(told % TOLD_EVERY)
  return compared
}

interface OfPartition extends CompareOptions {
  readonly partition: number
  readonly begin: ComparedTo
  readonly part: 'beginning' | 'rest'
  readonly onRecord: () => void
}

async function partitionInStep(from: Kafka, to: Kafka, topic: GraduatingTopic, options: OfPartition): Promise<ComparedTo> {
  const { partition, begin, part, places, onRecord, signal } = options
  const [end] = await createAdmin(to).topics.offsets(topic.topic, 'latest', { partitions: [partition], signal })
  const limits = { bufferBytesMax: BUFFER_BYTES, ...(signal !== undefined && { signal }) }
  const bounds = { from: { [partition]: begin.source }, to: { [partition]: topic.ends[partition]! } }
  await using source = read(from, topic.topic, { ...limits, ...bounds, isolation: 'read_committed' })
  await using copy = read(to, topic.topic, { ...limits, from: { [partition]: begin.copy }, to: { [partition]: end!.offset } })
  const superseded = new Superseded(topic.configs)
  const differs = (at: number, what: string): TidemarkError =>
    part === 'beginning'
      ? notACopy(topic, { partition, offset: at }, `${what} at offset ${at}`)
      : new TidemarkError('GRADUATION_FAILED', `the copy of ${topic.topic}-${partition} ${what} at offset ${at}`, {
          topic: topic.topic,
          partition,
          offset: at,
        })
  let next = begin.source
  let theirs = await copy.next()
  for (let at = begin.copy; ; at++) {
    const there = theirs.done ? undefined : theirs.value
    if (at === end!.offset && part === 'beginning') return ended(at)
    const ours = await source.next()
    if (ours.done) {
      if (at < end!.offset) throw differs(at, 'has a record more than its source')
      places.end(partition, at)
      return ended(at)
    }
    const here = ours.value
    if (at === end!.offset) throw differs(at, 'lacks a record of its source')
    if (there === undefined || there.offset > at) {
      if (!superseded.mayLack(here, at)) throw differs(at, 'lacks the record of its source')
    } else {
      if (fingerprintOf(here) !== fingerprintOf(there)) throw differs(at, 'differs from its source')
      superseded.has(here)
      theirs = await copy.next()
    }
    places.see(partition, here.offset, at)
    next = here.offset + 1
    onRecord()
  }

  function ended(at: number): ComparedTo {
    if (superseded.lost !== undefined) throw differs(superseded.lost, 'lacks the record of its source')
    return { source: next, copy: at }
  }
}

function notACopy({ topic }: GraduatingTopic, { partition, offset }: { partition: number; offset: number }, what: string): TidemarkError {
  const text = `topic '${topic}' exists on the other cluster, and ${topic}-${partition} there ${what}: nothing was copied`
  return new TidemarkError('TOPIC_EXISTS', `${text}; delete the topic there, or leave it out`, { topic, partition, offset })
}
