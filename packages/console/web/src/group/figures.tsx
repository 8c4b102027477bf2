import type { GroupView, PartitionView } from '../../../src/shapes.ts'
import { count, plural, rate } from '../format.ts'
import { Duration, Stat } from '../parts/parts.tsx'

const sum = (lag: GroupView, of: (p: PartitionView) => number | null): number => lag.partitions.reduce((all, p) => all + (of(p) ?? 0), 0)

const whyUnknown = ({ partitions }: GroupView): string =>
  partitions.some(({ error }) => error !== null) ? 'a log cannot be read' : 'nothing is committed yet'

/** One sentence a number: what it counts, and how sure it is. */
export function Figures({ lag }: { lag: GroupView }) {
  const doneAbove = sum(lag, (p) => p.doneAbove)
  const names = lag.members.map((m) => m.clientId)
  return (
    <dl className="stats">
      <Stat label="Open records" value={lag.open === null ? '–' : count(lag.open)}>
        {lag.lag === null ? whyUnknown(lag) : `of ${count(lag.lag)} behind the end; ${count(doneAbove)} done above`}
      </Stat>
      <Oldest lag={lag} />
      <CaughtUp lag={lag} />
      <Stat label="Runway" value={<Duration measured={lag.runwayMs} none="–" bound="least" />}>
        {runwayText(lag)}
      </Stat>
      <Stat label="Members" value={count(lag.members.length)}>
        {names.length === 0
          ? 'the group is not running'
          : `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${plural(names.length - 3, 'other')}` : ''}`}
      </Stat>
    </dl>
  )
}

/** A runway that is null is endless or not known: the retention of a topic may not be shown to this user. */
function runwayText({ runwayMs, lag }: GroupView): string {
  if (runwayMs !== null) return 'until retention deletes an unread record'
  return lag === 0 ? 'no record is unread' : 'never, or not known: it needs the right to describe the topic’s configuration'
}

function Oldest({ lag }: { lag: GroupView }) {
  const waiting = lag.partitions.filter((p) => p.lag !== null && p.lag > 0)
  const oldest = waiting.filter((p) => p.ageMs !== null).sort((a, b) => b.ageMs!.value - a.ageMs!.value)[0]
  return (
    <Stat label="Oldest waits for" value={<Duration measured={lag.ageMs} none="–" />}>
      {oldest === undefined
        ? waiting.length === 0
          ? 'no record waits'
          : (waiting.find((p) => p.recordError !== null)?.recordError?.message ?? 'its record is not known yet')
        : `${lag.ageMs?.certainty} · ${oldest.topic}-${oldest.partition}, offset ${count(Math.max(oldest.committed ?? 0, oldest.start ?? 0))}`}
    </Stat>
  )
}

function CaughtUp({ lag }: { lag: GroupView }) {
  const [handled, arriving] = [sum(lag, (p) => p.handledPerSecond), sum(lag, (p) => p.arrivingPerSecond)]
  const isMeasured = lag.partitions.some((p) => p.handledPerSecond !== null)
  const late = lag.partitions.find((p) => p.handledPerSecond !== null && (p.open ?? 0) > 0 && p.etaMs === null)
  if (lag.members.length === 0 && isMeasured && handled === 0 && (lag.open ?? 0) > 0) {
    return (
      <Stat label="Caught up in" value={<span className="dim">–</span>}>
        nobody reads; {rate(arriving)} arriving
      </Stat>
    )
  }
  const value = lag.open === 0 ? 'now' : <Duration measured={lag.etaMs} none={late === undefined ? '–' : 'not at this rate'} />
  return (
    <Stat label="Caught up in" value={value}>
      {late !== undefined && `${late.topic}-${late.partition} does not catch up; in all `}
      {isMeasured ? `${rate(handled)} handled, ${rate(arriving)} arriving` : 'the rate is being measured'}
    </Stat>
  )
}
