import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
import { readAll, waitForBytes } from '../perform/fetch.js'
import { findTopic } from './find-topic.js'
import { leaderEpochFault } from './leader-epoch.js'

const TOPIC_IDS_SINCE = 13
const READ_COMMITTED = 1
/** The epoch of a full request outside of a session; 0 asks for a new session. */
const FINAL_EPOCH = -1
const INITIAL_EPOCH = 0
/** Where the next Fetch of a connection begins to read, so that no partition starves behind others: one connection, one signal. */
const turns = new WeakMap()
export const fetch = handler(apis.Fetch, { versions: [4, 18], holds: true }, (request, context) => {
  const fault = sessionFault(request)
  if (fault !== ErrorCode.NONE) return { errorCode: fault, sessionId: 0, responses: [] }
  return after(allOf(wantedOf(request, context)), (wanted) => serve(request, wanted, context))
})
function sessionFault({ sessionId, sessionEpoch }) {
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) return ErrorCode.NONE
  return sessionId === 0 ? ErrorCode.INVALID_FETCH_SESSION_EPOCH : ErrorCode.FETCH_SESSION_ID_NOT_FOUND
}
function wantedOf(request, context) {
  const { topics } = context.services
  return request.topics.flatMap((asked) => {
    const topic = findTopic(topics, { name: asked.topic, topicId: asked.topicId }, context.version >= TOPIC_IDS_SINCE)
    return asked.partitions.map((one) => wantedOne(topic, one, context))
  })
}
function wantedOne(topic, asked, { services, version }) {
  const { fetchOffset, lastFetchedEpoch, partitionMaxBytes: bytesMax } = asked
  const goneCode = version >= TOPIC_IDS_SINCE ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  const want = (partition, code) => ({
    partition,
    code,
    goneCode,
    fetchOffset,
    lastFetchedEpoch,
    bytesMax,
  })
  if (typeof topic === 'number') return want(undefined, topic)
  const partition = services.partitions.open(topic, asked.partition)
  if (partition === undefined) return want(undefined, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return after(partition, (it) => {
    const fault = leaderEpochFault(asked.currentLeaderEpoch, it)
    return fault === ErrorCode.NONE ? want(it, fault) : want(undefined, fault)
  })
}
function serve(request, wanted, context) {
  const { options, platform } = context.services
  const bytesMax = Math.min(request.maxBytes, options.fetchBytesMax)
  const bytesMin = Math.min(request.minBytes, bytesMax)
  const deadlineMs = platform.clock.monotonic() + request.maxWaitMs
  return look()
  function look() {
    const turn = turns.get(context.signal) ?? 0
    return after(readAll(wanted, wanted.length === 0 ? 0 : turn % wanted.length, bytesMax), (reads) => {
      const bytes = reads.reduce((sum, r) => sum + r.bytes, 0)
      const waitMs = deadlineMs - platform.clock.monotonic()
      const answersNow = bytes >= bytesMin || waitMs <= 0 || wanted.length === 0 || reads.some(isFinal) || context.signal.aborted
      if (!answersNow) return waitForBytes(wanted, bytesMin - bytes, waitMs, platform.clock, context.signal).then(look)
      if (bytes > 0) turns.set(context.signal, turn + 1)
      return answerOf(request, reads, context)
    })
  }
}
const isFinal = (read) => read.code !== ErrorCode.NONE || read.diverging !== undefined
function answerOf(request, reads, context) {
  let i = 0
  const responses = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => {
      const n = i++
      return partitionAnswer(partition, reads[n], request.isolationLevel, context)
    }),
  }))
  return { errorCode: ErrorCode.NONE, sessionId: 0, responses }
}
function partitionAnswer(partitionIndex, read, isolationLevel, { services }) {
  const moved = read.code === ErrorCode.FENCED_LEADER_EPOCH
  return {
    partitionIndex,
    errorCode: read.code,
    highWatermark: read.highWatermark,
    lastStableOffset: read.highWatermark,
    logStartOffset: read.logStartOffset,
    ...(read.diverging && { divergingEpoch: read.diverging }),
    ...(moved && { currentLeader: { leaderId: services.options.nodeId, leaderEpoch: services.topics.leaderEpoch } }),
    abortedTransactions: isolationLevel === READ_COMMITTED ? [] : null,
    records: read.records,
  }
}
