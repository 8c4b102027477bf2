import { count } from '../format.ts'
import type { Targets } from '../group/targets.ts'
import { Action, Failure } from '../parts/parts.tsx'
import { usePlanning } from './make-plan.ts'

const SHOWN = 4

/** What was dragged on the rulers and is not a plan yet. */
export function PendingBar({ group, targets, onDrop }: { group: string; targets: Targets; onDrop(): void }) {
  const { error, isPlanning, plan } = usePlanning()
  if (targets.size === 0) return null
  const all = [...targets.values()]
  const words = all.slice(0, SHOWN).map((t) => `${t.topic}-${t.partition} to ${count(t.offset)}`)
  const review = (): void => plan({ group, scope: 'all', target: { kind: 'list', offsets: all } })
  return (
    <section className="panel bar" aria-label="Planned moves">
      {error !== undefined && <Failure error={error} />}
      <div className="act">
        <span>
          Planned: {words.join(', ')}
          {all.length > SHOWN && ` and ${all.length - SHOWN} more`}. Nothing has moved.
        </span>
        <Action kind="go" why={isPlanning ? 'the plan is being made' : null} onPress={review}>
          Review
        </Action>
        <Action onPress={onDrop}>Drop</Action>
      </div>
    </section>
  )
}
