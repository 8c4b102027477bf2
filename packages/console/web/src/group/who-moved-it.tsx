import type { CommitHistoryPage, MoveRecord } from '../../../src/shapes.ts'
import { EventTable } from '../history/event-table.tsx'
import { MoveTable } from '../moves/move-table.tsx'
import { Link } from '../parts/link.tsx'
import { Panel } from '../parts/parts.tsx'

/** On the page of the group; the history has all. */
const SHOWN = 10

interface WhoMovedItProps {
  readonly group: string
  readonly moves: readonly MoveRecord[] | undefined
  readonly history: CommitHistoryPage | undefined
}

/** Moves from this machine can be undone; the cluster's own log also knows those of others. */
export function WhoMovedIt({ group, moves = [], history }: WhoMovedItProps) {
  const link = (
    <Link className="small end" href={`/history?group=${encodeURIComponent(group)}`}>
      all of its history
    </Link>
  )
  return (
    <>
      {moves.length > 0 && (
        <Panel title="Moves" header={<span className="dim small">made from this machine</span>}>
          <MoveTable moves={moves.slice(0, SHOWN)} withGroup={false} />
        </Panel>
      )}
      <Panel
        title="Who moved it"
        header={
          <>
            <span className="dim small">from the group’s own log</span>
            {link}
          </>
        }
      >
        {history === undefined && <p className="empty">reading the log of commits…</p>}
        {history?.unreadable != null && <p className="empty">{history.unreadable}</p>}
        {history?.events.length === 0 && history.unreadable === null && (
          <p className="empty">Nobody has, as far back as the log of commits goes.</p>
        )}
        {history !== undefined && history.events.length > 0 && <EventTable events={history.events.slice(0, SHOWN)} withGroup={false} />}
      </Panel>
    </>
  )
}
