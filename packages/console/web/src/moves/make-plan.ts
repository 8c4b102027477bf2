import { useState } from 'react'
import type { CommitEvent, MovePlan, MoveWish } from '../../../src/shapes.ts'
import { ApiError, post } from '../state/api.ts'
import { groupPath, navigate } from '../state/router.ts'

export interface Planning {
  readonly error: ApiError | undefined
  readonly isPlanning: boolean
  plan(wish: MoveWish): void
  /** Back to where the group stood at a time. */
  restore(group: string, atMs: number, scope: MoveWish['scope']): void
  /** Back to where the partition stood before somebody committed it. */
  takeBack(event: CommitEvent): void
  /** Takes back a move that was made from this machine. */
  undo(moveId: string): void
}

/** Makes a plan and goes to its review. */
export function usePlanning(): Planning {
  const [error, setError] = useState<ApiError>()
  const [isPlanning, setPlanning] = useState(false)
  const make = async (path: string, body: object): Promise<void> => {
    setPlanning(true)
    setError(undefined)
    try {
      const plan = await post<MovePlan>(path, body)
      navigate(groupPath(plan.group, 'move', plan.id))
    } catch (refused) {
      if (!(refused instanceof ApiError)) throw refused
      setError(refused)
    } finally {
      setPlanning(false)
    }
  }
  return {
    error,
    isPlanning,
    plan: (wish) => void make('/api/plans', wish),
    restore: (group, atMs, scope) => void make(`/api/groups/${encodeURIComponent(group)}/restore`, { atMs, scope }),
    takeBack: (event) => void make(`/api/groups/${encodeURIComponent(event.group)}/restore`, restoreWish(event)),
    undo: (moveId) => void make(`/api/moves/${encodeURIComponent(moveId)}/undo`, {}),
  }
}

/** The plan warns if the partition was committed again after the commit that is taken back. */
function restoreWish({ topic, partition, atMs, to, leaderEpoch, metadata }: CommitEvent): object {
  const place = to === null ? null : { offset: to, leaderEpoch: leaderEpoch ?? -1, metadata: metadata ?? '' }
  return { atMs: atMs - 1, scope: [{ topic, partitions: [partition] }], undoes: { topic, partition, place } }
}
