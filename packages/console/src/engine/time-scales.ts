/** Offsets at some times: what a ruler needs whose scale is time, and where retention will cut next. */
import { type CallLimits, createAdmin, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import type { TimeScale } from '../shapes.ts'
import { nullIfHidden } from './hidden.ts'

/** Look-ups a topic, each for all of its partitions. */
const POINTS = 16
/** Of the retention: what is deleted within it is drawn as deleted next. */
const DUE_SHARE = 0.1

/** Offsets at even steps of time from the first record to now: between two of them a ruler draws a straight line. */
export async function timeScalesOf(
  kafka: Kafka,
  topic: string,
  partitions: readonly number[],
  limits: CallLimits,
): Promise<readonly TimeScale[]> {
  const { topics } = createAdmin(kafka)
  const options = { ...limits, partitions }
  const [firsts, ends, retentionMs] = await Promise.all([
    topics.offsets(topic, new Date(0), options),
    topics.offsets(topic, 'latest', options),
    retentionOf(kafka, topic, limits),
  ])
  const nowMs = handleOf(kafka).platform.clock.now()
  const beginMs = Math.min(...firsts.filter((f) => f.timestampMs >= 0).map((f) => f.timestampMs), nowMs)
  const steps = Array.from({ length: POINTS }, (_, i) => Math.round(beginMs + ((nowMs - beginMs) * (i + 1)) / (POINTS + 1)))
  const dueMs = retentionMs === null ? null : Math.max(0, nowMs - Math.round(retentionMs * (1 - DUE_SHARE)))
  const [due, ...found] = await Promise.all(
    [dueMs, ...steps].map((atMs) => (atMs === null ? null : topics.offsets(topic, new Date(atMs), options))),
  )
  return firsts.map(({ partition, offset, timestampMs }, i) => {
    const inner = steps.map((atMs, s) => ({ offset: found[s]![i]!.offset as number, atMs }))
    const first = { offset: offset as number, atMs: timestampMs >= 0 ? timestampMs : nowMs }
    const last = { offset: ends[i]!.offset as number, atMs: nowMs }
    const points = [first, ...inner.filter((p) => p.atMs > first.atMs), last]
    return { topic, partition, points: rising(points, last.offset), retentionMs, dueOffset: due === null ? null : due![i]!.offset }
  })
}

type Points = TimeScale['points']

/** Timestamps of producers may go back; a scale must not. */
function rising(points: Points, max: number): Points {
  let highest = 0
  return points.map((p) => {
    highest = Math.max(highest, Math.min(p.offset, max))
    return { atMs: p.atMs, offset: highest }
  })
}

async function retentionOf(kafka: Kafka, topic: string, limits: CallLimits): Promise<number | null> {
  const configs = await createAdmin(kafka).topics.describeConfigs(topic, limits).catch(nullIfHidden)
  if (configs === null) return null
  const settingOf = (name: string): string => configs.find((c) => c.name === name)?.value ?? ''
  const retentionMs = Number(settingOf('retention.ms') || -1)
  return retentionMs < 0 || !settingOf('cleanup.policy').includes('delete') ? null : retentionMs
}
