import { useState } from 'react'
import type { GroupLag, LiveEvent, TrendPoint } from '../../../src/shapes.ts'
import { Figures } from '../group/figures.tsx'
import { Members } from '../group/members.tsx'
import { TopicRulers } from '../group/topic-rulers.tsx'
import { TrendChart } from '../group/trend-chart.tsx'
import { toneOf } from '../groups/list.tsx'
import { CommandLine } from '../parts/command.tsx'
import { Chip, Failure, Live } from '../parts/parts.tsx'
import { brokersFlag, shellWord, useInfo } from '../state/info.ts'
import { useEvents } from '../state/live.ts'

type Failed = Extract<LiveEvent, { kind: 'failed' }>
/** Planned offsets by topic and partition. */
export type Targets = ReadonlyMap<string, { readonly topic: string; readonly partition: number; readonly offset: number }>
export const targetKey = (topic: string, partition: number): string => `${topic} ${partition}`

export function GroupPage({ group }: { group: string; rest: readonly string[] }) {
  const info = useInfo()
  const [lag, setLag] = useState<GroupLag>()
  const [trend, setTrend] = useState<readonly TrendPoint[]>([])
  const [failure, setFailure] = useState<Failed>()
  const [absent, setAbsent] = useState<string>()
  const [targets, setTargets] = useState<Targets>(new Map())
  const connection = useEvents<LiveEvent>(`/api/live?group=${encodeURIComponent(group)}`, (event) => {
    if (event.kind === 'failed') return setFailure(event)
    setFailure(undefined)
    setAbsent(event.kind === 'absent' ? event.message : undefined)
    if (event.kind === 'group') {
      setLag(event.lag)
      setTrend(event.trend)
    }
  })
  const aim = (topic: string, partition: number, offset: number | null): void =>
    setTargets((old) => {
      const next = new Map(old)
      if (offset === null) next.delete(targetKey(topic, partition))
      else next.set(targetKey(topic, partition), { topic, partition, offset })
      return next
    })
  const topics = Map.groupBy(lag?.partitions ?? [], (p) => p.topic)
  return (
    <>
      <div className="top">
        <h1>{group}</h1>
        {lag !== undefined && absent === undefined && (
          <>
            <Chip tone={toneOf(lag.state)}>{lag.state}</Chip>
            <Chip>{lag.kind}</Chip>
          </>
        )}
        <span className="crumb">on {info?.clusterName}</span>
        <Live connection={connection} failure={failure} />
      </div>
      {failure !== undefined && <Failure error={failure} />}
      {absent !== undefined && <div className="notice">{absent}: it has no members and no committed offsets.</div>}
      {lag === undefined && failure === undefined && absent === undefined && <p className="empty">loading…</p>}
      {lag !== undefined && (
        <>
          <Figures lag={lag} />
          {lag.partitions.length === 0 && (
            <p className="empty">The group has committed nothing, and no partition is assigned to its members.</p>
          )}
          {[...topics].map(([topic, positions]) => (
            <TopicRulers
              key={topic}
              topic={topic}
              positions={positions}
              targets={targets}
              ghosts={new Map()}
              onTarget={info?.readOnly ? null : aim}
            />
          ))}
          <TrendChart points={trend} />
          <Members lag={lag} />
        </>
      )}
      <div className="foot">
        <CommandLine command={`tidemark group describe ${shellWord(group)}${brokersFlag(info)}`} />
      </div>
    </>
  )
}
