import { useState } from 'react'
import type { MovePlan } from '../../../src/shapes.ts'
import { Action } from '../parts/parts.tsx'
import { ApiError, post } from '../state/api.ts'
import { groupPath, navigate } from '../state/router.ts'

/** Undo is a plan like any other: it is reviewed before it is applied. */
export function UndoButton({ id, label, why = null }: { id: string; label: string; why?: string | null }) {
  const [failure, setFailure] = useState('')
  const undo = async (): Promise<void> => {
    try {
      const plan = await post<MovePlan>(`/api/moves/${encodeURIComponent(id)}/undo`)
      navigate(groupPath(plan.group, 'move', plan.id))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setFailure(error.message)
    }
  }
  return (
    <>
      <Action small why={why} onPress={() => void undo()}>
        {label}
      </Action>
      {failure !== '' && (
        <span className="chip bad" role="alert">
          {failure}
        </span>
      )}
    </>
  )
}
