/** What is known of a group while its page is open. */
import { useState } from 'react'
import type { GroupView, LiveEvent, TrendPoint } from '../../../src/shapes.ts'
import { type Connection, useEvents } from '../state/live.ts'

type Failed = Extract<LiveEvent, { kind: 'failed' }>

export interface LiveGroup {
  readonly connection: Connection
  /** The last sample; it stays while the cluster does not answer. */
  readonly lag: GroupView | undefined
  readonly trend: readonly TrendPoint[]
  readonly failure: Failed | undefined
  /** That the group does not exist. */
  readonly absent: string | undefined
}

export function useLiveGroup(group: string): LiveGroup {
  const [lag, setLag] = useState<GroupView>()
  const [trend, setTrend] = useState<readonly TrendPoint[]>([])
  const [failure, setFailure] = useState<Failed>()
  const [absent, setAbsent] = useState<string>()
  const connection = useEvents<LiveEvent>(`/api/live?group=${encodeURIComponent(group)}`, (event) => {
    if (event.kind === 'failed') return setFailure(event)
    setFailure(undefined)
    setAbsent(event.kind === 'absent' ? event.message : undefined)
    setLag(event.kind === 'group' ? event.lag : undefined)
    if (event.kind === 'group') setTrend(event.trend)
  })
  return { connection, lag, trend, failure, absent }
}
