/** More partitions for a topic, and fewer records in them. */
import { checkOffset, checkOptions, checkPartition, countOption, describe, flagOption, TidemarkError } from '@tidemark/platform'
import { apis, errorOf } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import { checkOffsetSpec, listOffsets, type OffsetSpec } from '../cluster/list-offsets.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { refusedTopic, unknownPartition } from '../cluster/topic-errors.ts'
import type { Offset } from '../messages/offset.ts'
import type { TopicPartition } from '../messages/topic-partition.ts'
import { askController, refusal } from './ask.ts'
import { checkedLimits, LIMIT_NAMES } from './limits.ts'

export interface AddPartitionsOptions extends CallLimits {
  /** Only asks whether it could be done. Default: false. */
  readonly validateOnly?: boolean
}

export interface DeleteRecordsOptions extends CallLimits {
  /** Default: all. */
  readonly partitions?: readonly number[]
}

export interface DeletedRecords extends TopicPartition {
  /** Where the log begins now. */
  readonly start: Offset
}

const INT32_MAX = 2 ** 31 - 1

export async function addPartitions(cluster: Cluster, name: string, count: number, options: AddPartitionsOptions = {}): Promise<void> {
  countOption('count', count, 1, INT32_MAX)
  checkOptions<AddPartitionsOptions>('topics.addPartitions()', options, { ...LIMIT_NAMES, validateOnly: true })
  const validateOnly = flagOption('validateOnly', options.validateOnly ?? false)
  const what = `adding partitions to topic '${name}'`
  const answer = await askController(cluster, what, checkedLimits(options), async (node, signal) => {
    const body = { topics: [{ name, count, assignments: null }], timeoutMs: cluster.options.requestTimeoutMs, validateOnly }
    const { body: answered } = await cluster.send(apis.CreatePartitions, body, { node, purpose: 'admin', signal })
    const [result] = answered.results
    if (result === undefined) throw new TidemarkError('PROTOCOL_ERROR', 'the answer to CreatePartitions is empty')
    return result
  })
  if (errorOf(answer.errorCode).name === 'UNKNOWN_TOPIC_OR_PARTITION') throw refusedTopic(name, answer.errorCode)
  if (answer.errorCode !== 0) throw refusal(what, answer.errorCode, answer.errorMessage, { topic: name })
  cluster.invalidate(name)
}

type Before = OffsetSpec | Readonly<Record<number, number>>

export async function deleteRecords(
  cluster: Cluster,
  name: string,
  before: Before,
  options: DeleteRecordsOptions = {},
): Promise<readonly DeletedRecords[]> {
  checkOptions<DeleteRecordsOptions>('topics.deleteRecords()', options, { ...LIMIT_NAMES, partitions: true })
  const limits = checkedLimits(options)
  const wish = checkedBefore(before)
  for (const [i, partition] of (options.partitions ?? []).entries()) checkPartition(`partitions[${i}]`, partition)
  const what = `deleting records of topic '${name}'`
  const deadlineMs = cluster.options.requestTimeoutMs
  const found = await retrying(cluster, { what, retries: mayPass, ...limits }, (signal) =>
    targets(cluster, name, wish, options.partitions, signal),
  )
  const done = new Map<number, number>()
  await retrying(cluster, { what, retries: (error) => isLost(error) || mayPass(error), ...limits }, async (signal) => {
    const view = (await cluster.topics([name], { signal })).get(name)!
    if (view.errorCode !== 0) throw refusedTopic(name, view.errorCode)
    const left = [...found].filter(([partition]) => !done.has(partition))
    const byLeader = Map.groupBy(left, ([partition]) => view.partitions.find((p) => p.partition === partition)?.leader ?? -1)
    let failure: TidemarkError | undefined
    for (const [node, ofNode] of byLeader) {
      const partitions = ofNode.map(([partitionIndex, offset]) => ({ partitionIndex, offset }))
      const { body } = await cluster.send(
        apis.DeleteRecords,
        { topics: [{ name, partitions }], timeoutMs: deadlineMs },
        { node, purpose: 'admin', signal },
      )
      for (const { partitionIndex, errorCode, lowWatermark } of body.topics[0]?.partitions ?? []) {
        if (errorCode === 0) done.set(partitionIndex, lowWatermark)
        else failure ??= refusal(`${what}, partition ${partitionIndex},`, errorCode, null, { topic: name, partition: partitionIndex })
      }
    }
    if (failure !== undefined) {
      cluster.invalidate(name)
      throw failure
    }
  })
  return [...done].sort(([a], [b]) => a - b).map(([partition, start]) => ({ topic: name, partition, start: start as Offset }))
}

/** The offset below which each partition is emptied. */
async function targets(
  cluster: Cluster,
  name: string,
  wish: OffsetSpec | ReadonlyMap<number, number>,
  only: readonly number[] | undefined,
  signal: AbortSignal,
): Promise<Map<number, number>> {
  cluster.invalidate(name)
  const view = (await cluster.topics([name], { signal })).get(name)!
  if (view.errorCode !== 0) throw refusedTopic(name, view.errorCode)
  const known = view.partitions.map(({ partition }) => partition)
  const asked = only ?? (wish instanceof Map ? [...wish.keys()] : known)
  const missing = asked.find((partition) => !known.includes(partition))
  if (missing !== undefined) throw unknownPartition(name, missing, known.length)
  if (wish instanceof Map)
    return new Map(asked.flatMap((partition) => (wish.has(partition) ? [[partition, wish.get(partition)!] as const] : [])))
  const find = (partitions: readonly number[], at: OffsetSpec) =>
    listOffsets(
      cluster,
      partitions.map((partition) => ({ topic: name, partition, at })),
      { signal, purpose: 'admin' },
    )
  const found = await find(asked, wish as OffsetSpec)
  const ends = await find(
    found.filter(({ offset }) => offset === undefined).map(({ partition }) => partition),
    'latest',
  )
  const endOf = new Map(ends.map(({ partition, offset }) => [partition, offset!]))
  return new Map(found.map(({ partition, offset }) => [partition, offset ?? endOf.get(partition)!]))
}

function checkedBefore(before: Before): OffsetSpec | ReadonlyMap<number, number> {
  if (typeof before !== 'object' || before instanceof Date) return checkOffsetSpec('the place below which records are deleted', before)
  if (before === null || Array.isArray(before)) {
    throw new TidemarkError(
      'INVALID_ARGUMENT',
      `the place below which records are deleted is ${describe(before)}; it must be 'latest', a Date, or offsets by partition`,
    )
  }
  const wish = new Map<number, number>()
  for (const [key, offset] of Object.entries(before)) {
    const partition = Number(key)
    checkPartition('the partition', partition)
    checkOffset(`the offset of partition ${key}`, offset)
    wish.set(partition, offset)
  }
  return wish
}
