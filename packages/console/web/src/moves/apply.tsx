import { useEffect, useState } from 'react'
import type { Application, GroupView, MovePlan } from '../../../src/shapes.ts'
import { plural } from '../format.ts'
import { Link } from '../parts/link.tsx'
import { Action, Failure } from '../parts/parts.tsx'
import { ApiError, get, post } from '../state/api.ts'
import { useInfo } from '../state/info.ts'
import { groupPath, navigate } from '../state/router.ts'
import { UndoButton } from './undo-button.tsx'

const WAIT_MS = 15 * 60_000
const POLL_MS = 300

/** What accepting each fallback means. */
const MEANINGS: Readonly<Record<string, string>> = {
  'clamped-to-start': 'the offset is below the start of the log: it goes to the start instead',
  'clamped-to-end': 'the offset is beyond the end of the log: it goes to the end instead',
  'no-record-after-time': 'no record is at or after this time: it goes to the end of the log',
  'nothing-committed': 'nothing is committed there, so that there is nothing to count from',
  'topic-recreated': 'the topic was made anew since: the partition is left as it is',
  'not-exact': 'what was committed then was compacted away: it goes to the first place that is still known',
  progressed: 'the members move the group forward until they are gone, and that is all right',
  unreadable: 'the log of a partition cannot be read: the partition is left as it is',
}

export function Apply({ plan, lag, onDone }: { plan: MovePlan; lag: GroupView | undefined; onDone(): void }) {
  const info = useInfo()
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const [reason, setReason] = useState('')
  const [confirm, setConfirm] = useState('')
  const [application, setApplication] = useState<Application>()
  const [refused, setRefused] = useState<ApiError>()
  const id = application?.id
  const isRunning = application?.state === 'running'
  useEffect(() => {
    if (id === undefined || !isRunning) return
    const timer = setInterval(() => void get<Application>(`/api/applications/${id}`).then(setApplication, setFailed), POLL_MS)
    return () => clearInterval(timer)
  }, [id, isRunning])
  const isDone = application?.state === 'done'
  useEffect(() => {
    if (isDone) onDone()
  }, [isDone])
  const setFailed = (error: unknown): void => {
    if (!(error instanceof ApiError)) throw error
    setRefused(error)
  }
  const apply = (waitEmptyMs: number): void => {
    setRefused(undefined)
    const wish = { accept: [...accepted], waitEmptyMs, ...(reason !== '' && { reason }), ...(confirm !== '' && { confirm }) }
    void post<Application>(`/api/plans/${plan.id}/apply`, wish).then(setApplication, setFailed)
  }
  const toggle = (need: string): void =>
    setAccepted((old) => {
      const next = new Set(old)
      if (!next.delete(need)) next.add(need)
      return next
    })
  const members = lag?.members.length ?? plan.members
  const isActive = members > 0 && plan.changes.some((c) => c.outcome === 'moves')
  const offered = isActive ? [...plan.needs, 'progressed'] : plan.needs
  const missing = plan.needs.filter((need) => !accepted.has(need))
  const nothing = plan.changes.every((c) => c.outcome !== 'moves' && c.outcome !== 'deletes')
  const never = whyNever()
  function whyNever(): string | null {
    if (info?.readOnly) return 'this console is read-only'
    if (nothing) return 'the plan changes nothing'
    if (missing.length > 0) return 'accept each fallback above, or choose another target'
    return info?.protected && confirm !== plan.group ? 'this cluster is protected: type the name of the group' : null
  }
  const cancel = (): void => navigate(groupPath(plan.group))
  if (isDone) return <Done application={application} />
  return (
    <>
      {offered.map((need) => (
        <label key={need} className="choice">
          <input type="checkbox" checked={accepted.has(need)} onChange={() => toggle(need)} />
          <span>
            Accept <code>{need}</code>: {MEANINGS[need] ?? 'see the notes'}
          </span>
        </label>
      ))}
      {application?.state === 'failed' && application.error !== null && <Failure error={application.error} />}
      {refused !== undefined && <Failure error={refused} />}
      {isRunning ? (
        <Progress
          application={application}
          onCancel={() => void post<Application>(`/api/applications/${id}/cancel`).then(setApplication, setFailed)}
        />
      ) : (
        <div className="act">
          <label className="field">
            Reason, for the record
            <input type="text" value={reason} maxLength={1_000} onChange={(e) => setReason(e.target.value)} placeholder="optional" />
          </label>
          {info?.protected && (
            <label className="field">
              Name of the group, to confirm
              <input type="text" value={confirm} onChange={(e) => setConfirm(e.target.value)} autoComplete="off" />
            </label>
          )}
          <Action
            kind="go"
            why={never ?? (isActive ? `the group has ${plural(members, 'member')}: stop them, or wait until it is empty` : null)}
            onPress={() => apply(0)}
          >
            Apply
          </Action>
          {isActive && never === null && <Action onPress={() => apply(WAIT_MS)}>Wait until it is empty (15 min)</Action>}
          <SavePlan plan={plan} />
          <Action onPress={cancel}>Cancel</Action>
        </div>
      )}
    </>
  )
}

function Progress({ application, onCancel }: { application: Application; onCancel(): void }) {
  const isWaiting = application.step === null
  return (
    <div className="act">
      <span role="status">{isWaiting ? 'Waiting until the group is empty; nothing has changed yet' : `Applying: ${application.step}`}</span>
      <Action why={isWaiting ? null : 'offsets are being written'} onPress={onCancel}>
        Stop waiting
      </Action>
    </div>
  )
}

function Done({ application: { record, group } }: { application: Application }) {
  if (record === null) return null
  const done = record.changes.filter((c) => c.state === 'done').length
  return (
    <div className="act" role="status">
      <strong>Applied and read back: {plural(done, 'partition')}.</strong>
      <span className="dim">What was replaced is kept; undo is exact.</span>
      <UndoButton id={record.id} label="Undo" />
      <Link href={groupPath(group)} className="quiet">
        To the group
      </Link>
    </div>
  )
}

/** The file that `tidemark offsets apply` takes. */
function SavePlan({ plan }: { plan: MovePlan }) {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([`${JSON.stringify(plan, null, 2)}\n`], { type: 'application/json' }))
    const link = document.createElement('a')
    link.href = url
    link.download = `plan-${plan.id.slice(0, 8)}.json`
    link.click()
    URL.revokeObjectURL(url)
  }
  return <Action onPress={save}>Save the plan</Action>
}
