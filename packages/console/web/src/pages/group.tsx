import { shellWord } from '@tidemark/platform/shell-word'
import { useMemo, useState } from 'react'
import type { CommitHistoryPage, FindingsPage, MovePlan, MoveRecord } from '../../../src/shapes.ts'
import { Figures } from '../group/figures.tsx'
import { GroupFindings } from '../group/group-findings.tsx'
import { GroupHead } from '../group/group-head.tsx'
import { useLiveGroup } from '../group/live-group.ts'
import { Members } from '../group/members.tsx'
import { Peek } from '../group/peek.tsx'
import { aimed, ghostsOf, type Targets, targetsOf } from '../group/targets.ts'
import { type Aim, TopicRulers } from '../group/topic-rulers.tsx'
import { TrendChart } from '../group/trend-chart.tsx'
import { WhoMovedIt } from '../group/who-moved-it.tsx'
import { Apply } from '../moves/apply.tsx'
import { MoveForm } from '../moves/move-form.tsx'
import { PendingBar } from '../moves/pending-bar.tsx'
import { Review } from '../moves/review.tsx'
import { CommandLine } from '../parts/command.tsx'
import { Action, Failure } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { useQueryValue } from '../state/router.ts'

const MOVES_AGAIN_MS = 5_000
/** Both read the group's part of the log of commits, which may be large. */
const HISTORY_AGAIN_MS = 300_000
const FINDINGS_AGAIN_MS = 120_000
const TOPICS_MORE = 20

/** Where a group stands, what moved it, what is wrong, and moves. */
export function GroupPage({ group, rest }: { group: string; rest: readonly string[] }) {
  const info = useInfo()
  const live = useLiveGroup(group)
  const { lag, trend, failure, absent } = live
  const [targets, setTargets] = useState<Targets>(new Map())
  const aim: Aim = (topic, partition, offset) => setTargets((old) => aimed(old, topic, partition, offset))
  const moves = useLoaded<readonly MoveRecord[]>(`/api/moves?group=${encodeURIComponent(group)}`, MOVES_AGAIN_MS)
  const history = useLoaded<CommitHistoryPage>(`/api/history?group=${encodeURIComponent(group)}`, HISTORY_AGAIN_MS)
  const findings = useLoaded<FindingsPage>(`/api/doctor?group=${encodeURIComponent(group)}`, FINDINGS_AGAIN_MS)
  const done = (): void => {
    setTargets(new Map())
    moves.reload()
    history.reload()
    findings.reload()
  }
  const [peeked] = useQueryValue('peek')
  const ghosts = useMemo(() => ghostsOf(moves.data ?? [], history.data?.events ?? []), [moves.data, history.data])
  const [view, planId] = rest
  const plan = useLoaded<MovePlan>(planId === undefined ? null : `/api/plans/${encodeURIComponent(planId)}`)
  const shownTargets = plan.data === undefined ? targets : targetsOf(plan.data)
  const [topicsShown, setTopicsShown] = useState(TOPICS_MORE)
  const topics = Map.groupBy(lag?.partitions ?? [], (p) => p.topic)
  return (
    <>
      <GroupHead group={group} live={live} canMove={view === undefined} />
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
          {[...topics].slice(0, topicsShown).map(([topic, positions]) => (
            <TopicRulers
              group={group}
              findings={findings.data?.findings ?? []}
              key={topic}
              topic={topic}
              positions={positions}
              targets={shownTargets}
              ghosts={ghosts}
              onTarget={info?.readOnly || planId !== undefined ? null : aim}
            />
          ))}
          {topics.size > topicsShown && (
            <div className="act">
              <Action onPress={() => setTopicsShown(topicsShown + TOPICS_MORE)}>
                Show {Math.min(TOPICS_MORE, topics.size - topicsShown)} more of {topics.size} topics
              </Action>
            </div>
          )}
          {planId === undefined && <PendingBar group={group} targets={targets} onDrop={() => setTargets(new Map())} />}
          {view === 'move' && planId === undefined && <MoveForm lag={lag} />}
          {plan.error !== undefined && <Failure error={plan.error} />}
          {plan.data !== undefined && (
            <Review plan={plan.data}>
              <Apply key={plan.data.id} plan={plan.data} lag={lag} onDone={done} />
            </Review>
          )}
          {peeked !== null && <Peek group={group} {...placeOf(peeked)} />}
          <GroupFindings findings={findings.data?.findings} />
          <TrendChart points={trend} />
          <Members lag={lag} />
          <WhoMovedIt group={group} moves={moves.data} history={history.data} />
        </>
      )}
      <div className="foot">
        <CommandLine command={`tidemark group describe ${shellWord(group)}${clusterFlags(info)}`} />
      </div>
    </>
  )
}

/** `orders:2`, as `peek` stands in the address. */
function placeOf(text: string): { topic: string; partition: number } {
  const at = text.lastIndexOf(':')
  return { topic: text.slice(0, at), partition: Number(text.slice(at + 1)) }
}
