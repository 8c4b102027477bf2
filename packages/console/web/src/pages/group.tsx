import { useMemo, useState } from 'react'
import type { GroupView, LiveEvent, MovePlan, MoveRecord, TrendPoint } from '../../../src/shapes.ts'
import { Figures } from '../group/figures.tsx'
import { Members } from '../group/members.tsx'
import { aimed, ghostsOf, type Targets, targetsOf } from '../group/targets.ts'
import { type Aim, TopicRulers } from '../group/topic-rulers.tsx'
import { TrendChart } from '../group/trend-chart.tsx'
import { toneOf } from '../groups/list.tsx'
import { Apply } from '../moves/apply.tsx'
import { MoveForm } from '../moves/move-form.tsx'
import { MoveTable } from '../moves/move-table.tsx'
import { PendingBar } from '../moves/pending-bar.tsx'
import { Review } from '../moves/review.tsx'
import { CommandLine } from '../parts/command.tsx'
import { Action, Chip, Failure, Live, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { brokersFlag, shellWord, useInfo } from '../state/info.ts'
import { useEvents } from '../state/live.ts'
import { groupPath, navigate } from '../state/router.ts'

const MOVES_AGAIN_MS = 5_000

type Failed = Extract<LiveEvent, { kind: 'failed' }>
export function GroupPage({ group, rest }: { group: string; rest: readonly string[] }) {
  const info = useInfo()
  const [lag, setLag] = useState<GroupView>()
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
  const aim: Aim = (topic, partition, offset) => setTargets((old) => aimed(old, topic, partition, offset))
  const moves = useLoaded<readonly MoveRecord[]>(`/api/moves?group=${encodeURIComponent(group)}`, MOVES_AGAIN_MS)
  const ghosts = useMemo(() => ghostsOf(moves.data ?? []), [moves.data])
  const [view, planId] = rest
  const plan = useLoaded<MovePlan>(planId === undefined ? null : `/api/plans/${encodeURIComponent(planId)}`)
  const shownTargets = plan.data === undefined ? targets : targetsOf(plan.data)
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
        {view === undefined && lag !== undefined && (
          <Action small why={info?.readOnly ? 'this console is read-only' : null} onPress={() => navigate(groupPath(group, 'move'))}>
            Move
          </Action>
        )}
        <Live connection={connection} failure={failure} />
      </div>
      {failure !== undefined && <Failure error={failure} />}
      {absent !== undefined && <div className="notice">{absent}: it has no members and no committed offsets.</div>}
      {lag === undefined && failure === undefined && absent === undefined && <p className="empty">loading…</p>}
      {lag !== undefined && (
        <>
          {lag.error !== null && <Failure error={lag.error} />}
          <Figures lag={lag} />
          {lag.partitions.length === 0 && (
            <p className="empty">The group has committed nothing, and no partition is assigned to its members.</p>
          )}
          {[...topics].map(([topic, positions]) => (
            <TopicRulers
              key={topic}
              topic={topic}
              positions={positions}
              targets={shownTargets}
              ghosts={ghosts}
              onTarget={info?.readOnly || planId !== undefined ? null : aim}
            />
          ))}
          {planId === undefined && <PendingBar group={group} targets={targets} onDrop={() => setTargets(new Map())} />}
          {view === 'move' && planId === undefined && <MoveForm lag={lag} />}
          {plan.error !== undefined && <Failure error={plan.error} />}
          {plan.data !== undefined && (
            <Review plan={plan.data}>
              <Apply key={plan.data.id} plan={plan.data} lag={lag} onDone={() => setTargets(new Map())} />
            </Review>
          )}
          <TrendChart points={trend} />
          <Members lag={lag} />
          {moves.data !== undefined && moves.data.length > 0 && (
            <Panel title="Who moved it" header={<span className="dim small">from this machine</span>}>
              <MoveTable moves={moves.data} withGroup={false} />
            </Panel>
          )}
        </>
      )}
      <div className="foot">
        <CommandLine command={`tidemark group describe ${shellWord(group)}${brokersFlag(info)}`} />
      </div>
    </>
  )
}
