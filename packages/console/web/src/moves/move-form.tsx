import { type FormEvent, useState } from 'react'
import type { BookmarkRow, GroupView, TopicScope } from '../../../src/shapes.ts'
import { time, zone } from '../format.ts'
import { Action, Failure, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { groupPath, navigate } from '../state/router.ts'
import { usePlanning } from './make-plan.ts'
import { ScopeFields } from './scope-fields.tsx'
import { CHOICES, type TargetKind, targetOf } from './target.ts'

/** Where to: a plan is made of it, and nothing moves before that was reviewed. */
export function MoveForm({ lag }: { lag: GroupView }) {
  const [kind, setKind] = useState<TargetKind>('time')
  const [text, setText] = useState('')
  const [scope, setScope] = useState<'all' | readonly TopicScope[]>('all')
  const [keepMetadata, setKeepMetadata] = useState(false)
  const { error, isPlanning, plan } = usePlanning()
  const bookmarks = useLoaded<readonly BookmarkRow[]>(kind === 'bookmark' ? '/api/bookmarks' : null)
  const target = targetOf({ kind, text }, Date.now())
  const why =
    typeof target === 'string'
      ? target
      : scope !== 'all' && scope.length === 0
        ? 'choose a partition'
        : isPlanning
          ? 'the plan is being made'
          : null
  const make = (): void => {
    // What is relative is so to the moment in which it is sent.
    const target = targetOf({ kind, text }, Date.now())
    if (typeof target !== 'string') plan({ group: lag.group, scope, target, keepMetadata })
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (why === null) make()
  }
  return (
    <Panel
      title="Move: where to"
      takesFocus
      header={<span className="dim small">nothing moves before the plan is reviewed and applied</span>}
    >
      <form onSubmit={submit}>
        <ScopeFields lag={lag} scope={scope} onScope={setScope} />
        <fieldset>
          <legend>Target</legend>
          {CHOICES.map((choice) => (
            <div key={choice.kind} className="choice">
              <input
                type="radio"
                name="target"
                id={`target-${choice.kind}`}
                checked={kind === choice.kind}
                onChange={() => {
                  setKind(choice.kind)
                  setText('')
                }}
              />
              <label htmlFor={`target-${choice.kind}`}>
                {choice.label} <span className="dim small">{choice.says}</span>
              </label>
              {kind === choice.kind && <Value kind={kind} text={text} bookmarks={bookmarks.data} onText={setText} />}
            </div>
          ))}
        </fieldset>
        <label className="choice">
          <input type="checkbox" checked={keepMetadata} onChange={(e) => setKeepMetadata(e.target.checked)} />
          <span>
            Keep the metadata of the commit{' '}
            <span className="dim small">it describes the old place; leave it out unless you know its maker</span>
          </span>
        </label>
        {error !== undefined && <Failure error={error} />}
        <div className="act">
          <Action kind="go" why={why} onPress={make}>
            Review
          </Action>
          <Action onPress={() => navigate(groupPath(lag.group))}>Cancel</Action>
        </div>
      </form>
    </Panel>
  )
}

function Value(props: { kind: TargetKind; text: string; bookmarks: readonly BookmarkRow[] | undefined; onText(text: string): void }) {
  const { kind, text, bookmarks, onText } = props
  const field = { value: text, className: 'more', onChange: (e: { target: { value: string } }) => onText(e.target.value) }
  if (kind === 'time') return <input type="datetime-local" step={1} aria-label={`Time, in ${zone}`} {...field} />
  if (kind === 'ago') return <input type="text" aria-label="How long ago" placeholder="-1h30m" {...field} />
  if (kind === 'offset') return <input type="number" min={0} aria-label="Offset" {...field} />
  if (kind === 'shift') return <input type="number" aria-label="Number of records" placeholder="-100" {...field} />
  if (kind === 'group') return <input type="text" aria-label="Name of the other group" {...field} />
  if (kind !== 'bookmark') return null
  if (bookmarks?.length === 0) return <span className="more dim">There are no bookmarks of this cluster on this machine.</span>
  return (
    <select aria-label="Bookmark" {...field}>
      <option value="">choose</option>
      {bookmarks?.map((b) => (
        <option key={`${b.name} ${b.group}`} value={b.name}>
          {b.name} ({b.group}, {time(b.atMs)})
        </option>
      ))}
    </select>
  )
}
