/**
 * ListOffsets 0 to 11. v0 an array of offsets · v2 isolation level · v4 leader epochs · v6 flexible · v7 −3, the
 * record with the latest time · v8 −4, the earliest local record · v9 −5, the latest tiered one · v10 a time limit ·
 * v11 −6, the earliest that waits for upload.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type InferInput, type ListOffsetsRequest, type ListOffsetsResponse } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import { after, allOf, attempt } from '../now.ts'
import { type FoundRecord, firstAtOrAfter, latestByTime } from '../partition/find-time.ts'
import type { Partition } from '../partition/partition.ts'
import { leaderEpochFault } from './leader-epoch.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions'>>

type Answer = InferInput<typeof ListOffsetsResponse>['topics'][number]['partitions'][number]
type RequestedPartition = ListOffsetsRequest['topics'][number]['partitions'][number]

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6

/** The first version in which a special time means something; below it is UNSUPPORTED_VERSION. */
const SINCE: ReadonlyMap<number, number> = new Map([
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
])

const NONE: FoundRecord = { offset: -1, timestampMs: -1, leaderEpoch: -1 }

export const listOffsets = handler(apis.ListOffsets, { versions: [0, 11], holds: true }, (request, context: Context) => {
  const topics = request.topics.map(({ name, partitions }) => {
    const times = Map.groupBy(partitions, (p) => p.partitionIndex)
    const isTwice = (asked: RequestedPartition): boolean => times.get(asked.partitionIndex)!.length > 1
    const answers = partitions.map((asked) =>
      isTwice(asked)
        ? failed(asked, ErrorCode.INVALID_REQUEST)
        : attempt(
            () => answerOf(name, asked, context),
            (error) => failed(asked, storageCode(error)),
          ),
    )
    return after(allOf(answers), (all) => ({ name, partitions: all }))
  })
  return after(allOf(topics), (all) => ({ topics: all }))
})

const failed = ({ partitionIndex }: RequestedPartition, errorCode: number): Answer => ({ partitionIndex, errorCode })

function answerOf(topicName: string, asked: RequestedPartition, context: Context): Now<Answer> {
  const { services, version } = context
  const topic = services.topics.byName(topicName)
  const partition = topic && services.partitions.open(topic, asked.partitionIndex)
  if (partition === undefined) return failed(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  // A time beyond the safe integers (NaN) finds no record, and is not a special value either.
  if (asked.timestamp < 0 && version < (SINCE.get(asked.timestamp) ?? 0)) return failed(asked, ErrorCode.UNSUPPORTED_VERSION)
  return after(partition, (it) => {
    const fault = leaderEpochFault(asked.currentLeaderEpoch, it)
    if (fault !== ErrorCode.NONE) return failed(asked, fault)
    return version === 0 ? oldStyle(it, asked) : after(find(it, asked.timestamp), (found) => shown(asked, found))
  })
}

const shown = ({ partitionIndex }: RequestedPartition, { offset, timestampMs, leaderEpoch }: FoundRecord): Answer => ({
  partitionIndex,
  errorCode: ErrorCode.NONE,
  offset,
  timestamp: timestampMs,
  leaderEpoch,
})

function find(partition: Partition, timestamp: number): Now<FoundRecord> {
  switch (timestamp) {
    case LATEST:
      return { offset: partition.highWatermark, timestampMs: -1, leaderEpoch: partition.leaderEpoch }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return after(partition.state(), ({ epochs }) => ({
        offset: partition.start,
        timestampMs: -1,
        leaderEpoch: partition.start < partition.end ? epochs.epochAt(partition.start) : partition.leaderEpoch,
      }))
    case MAX_TIMESTAMP:
      return after(latestByTime(partition), (found) => found ?? NONE)
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NONE
    default:
      return timestamp >= 0 ? after(firstAtOrAfter(partition, timestamp), (found) => found ?? NONE) : NONE
  }
}

/**
 * v0: offsets at which segments begin, newest first, at most as many as asked for; the end first where the latest is
 * asked for.
 */
function oldStyle(partition: Partition, { partitionIndex, timestamp, maxNumOffsets }: RequestedPartition): Now<Answer> {
  return after(partition.log.segments(), (segments) => {
    const starts = segments.map((s) => s.baseOffset).reverse()
    const offsets =
      timestamp === LATEST
        ? [partition.highWatermark, ...starts.filter((o) => o !== partition.highWatermark)]
        : timestamp === EARLIEST
          ? [partition.start]
          : segments
              .filter((s) => s.maxTimestampMs <= timestamp)
              .map((s) => s.baseOffset)
              .reverse()
    return { partitionIndex, errorCode: ErrorCode.NONE, oldStyleOffsets: offsets.slice(0, Math.max(0, maxNumOffsets)) }
  })
}
