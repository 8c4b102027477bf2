import { useState } from 'react'
import type { MovePlan, MoveWish } from '../../../src/shapes.ts'
import { ApiError, post } from '../state/api.ts'
import { groupPath, navigate } from '../state/router.ts'

/** Makes a plan and goes to its review. */
export function usePlanning(): { error: ApiError | undefined; isPlanning: boolean; plan(wish: MoveWish): void } {
  const [error, setError] = useState<ApiError>()
  const [isPlanning, setPlanning] = useState(false)
  const make = async (wish: MoveWish): Promise<void> => {
    setPlanning(true)
    setError(undefined)
    try {
      const plan = await post<MovePlan>('/api/plans', wish)
      navigate(groupPath(plan.group, 'move', plan.id))
    } catch (refused) {
      if (!(refused instanceof ApiError)) throw refused
      setError(refused)
    } finally {
      setPlanning(false)
    }
  }
  return { error, isPlanning, plan: (wish) => void make(wish) }
}
