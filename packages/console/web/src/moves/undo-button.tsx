import type { CommitEvent } from '../../../src/shapes.ts'
import { Action } from '../parts/parts.tsx'
import { useInfo } from '../state/info.ts'
import { type Planning, usePlanning } from './make-plan.ts'

/** Undo is a plan like any other: it is reviewed before it is applied. */
export function UndoButton({ id, label, why = null }: { id: string; label: string; why?: string | null }) {
  const planning = usePlanning()
  return (
    <>
      <Action small why={why} onPress={() => planning.undo(id)}>
        {label}
      </Action>
      <Refused planning={planning} />
    </>
  )
}

/**
 * Takes back what somebody committed from outside, with whatever tool: back to where the partition stood just before.
 */
export function UndoCommit({ event }: { event: CommitEvent }) {
  const info = useInfo()
  const planning = usePlanning()
  if (info?.readOnly) return null
  return (
    <>
      <Action small onPress={() => planning.takeBack(event)}>
        Undo
      </Action>
      <Refused planning={planning} />
    </>
  )
}

const Refused = ({ planning: { error } }: { planning: Planning }) =>
  error !== undefined && (
    <span className="chip bad" role="alert">
      {error.message}
    </span>
  )
