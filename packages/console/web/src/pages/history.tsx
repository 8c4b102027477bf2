import { shellWord } from '@tidemark/platform/shell-word'
import { type FormEvent, useState } from 'react'
import type { CommitHistoryPage, MoveRecord } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { EventTable } from '../history/event-table.tsx'
import { Scrubber } from '../history/scrubber.tsx'
import { MoveTable } from '../moves/move-table.tsx'
import { CommandLine } from '../parts/command.tsx'
import { Action, Failure, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { useQueryValue } from '../state/router.ts'

const REFRESH_MS = 5_000

/** Who moved what: from this machine, and from the cluster's own log of commits. */
export function HistoryPage() {
  const info = useInfo()
  const [group, setGroup] = useQueryValue('group')
  const [all, setAll] = useQueryValue('all')
  const [typed, setTyped] = useState(group ?? '')
  const query = new URLSearchParams()
  if (group !== null) query.set('group', group)
  const moves = useLoaded<readonly MoveRecord[]>(`/api/moves?${query}`, REFRESH_MS)
  if (all !== null) query.set('all', '1')
  const history = useLoaded<CommitHistoryPage>(`/api/history?${query}`)
  const search = (event: FormEvent): void => {
    event.preventDefault()
    setGroup(typed === '' ? null : typed)
  }
  const { data } = history
  return (
    <>
      <div className="top">
        <h1>History</h1>
        {group !== null && <span className="crumb">of {group}</span>}
      </div>
      <form className="panel fields" aria-label="Which history" onSubmit={search}>
        <label className="field">
          Group
          <input type="search" value={typed} onChange={(e) => setTyped(e.target.value)} placeholder="all groups" />
        </label>
        <button type="submit" className="quiet">
          Show
        </button>
        <label className="small">
          <input type="checkbox" checked={all !== null} onChange={(e) => setAll(e.target.checked ? '1' : null)} /> with ordinary commits of
          members
        </label>
        <Action why={history.loading ? 'reading the log of commits' : null} onPress={history.reload}>
          Read again
        </Action>
      </form>
      {moves.error !== undefined && <Failure error={moves.error} />}
      <Panel title="Moves" header={<span className="dim small">made from this machine, with the console or the command line</span>}>
        {moves.data?.length === 0 && <p className="empty">Nothing was moved from this machine yet.</p>}
        {moves.data !== undefined && moves.data.length > 0 && <MoveTable moves={moves.data} withGroup={group === null} />}
      </Panel>
      {group !== null && data !== undefined && data.unreadable === null && <Scrubber key={group} group={group} events={data.events} />}
      <Panel
        title="Commits"
        header={
          <span className="dim small" role="status">
            {data === undefined ? 'reading the log of commits…' : data.unreadable === null && told(data)}
          </span>
        }
      >
        {history.error !== undefined && <Failure error={history.error} />}
        {data?.unreadable != null && (
          <p className="empty">{data.unreadable}. Moves that were made from this machine are above all the same, and can be undone.</p>
        )}
        {data?.events.length === 0 && data.unreadable === null && <p className="empty">The log of commits holds none of these.</p>}
        {data !== undefined && data.events.length > 0 && <EventTable events={data.events} withGroup={group === null} />}
      </Panel>
      <div className="foot">
        <CommandLine command={`tidemark offsets log${group === null ? '' : ` ${shellWord(group)}`}${clusterFlags(info)}`} />
      </div>
    </>
  )
}

const told = ({ events, left, isPartial }: CommitHistoryPage): string =>
  [
    plural(events.length, 'commit'),
    ...(left > 0 ? [`and ${count(left)} older`] : []),
    ...(isPartial ? ['the log was not read to its end: name a group'] : []),
  ].join(', ')
