import type { CommitEvent } from '../../../src/shapes.ts'
import { count } from '../format.ts'
import { UndoCommit } from '../moves/undo-button.tsx'
import { Link } from '../parts/link.tsx'
import { Chip, Time, type Tone } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { groupPath } from '../state/router.ts'

const TONES: Readonly<Record<CommitEvent['kind'], Tone>> = {
  member: 'ok',
  outside: 'warn',
  transactional: 'ok',
  expired: 'bad',
  deleted: 'bad',
}
const WORDS: Readonly<Record<CommitEvent['kind'], string>> = {
  member: 'member',
  outside: 'from outside',
  transactional: 'transaction',
  expired: 'expired',
  deleted: 'deleted',
}

const offset = (value: number | null, none: string): string => (value === null ? none : count(value))

/** From the cluster's own log of commits. */
export function EventTable({ events, withGroup }: { events: readonly CommitEvent[]; withGroup: boolean }) {
  return (
    <Scroll label="Commits">
      <table>
        <thead>
          <tr>
            <th>When</th>
            {withGroup && <th>Group</th>}
            <th>Partition</th>
            <th className="n">From</th>
            <th className="n">To</th>
            <th>Who</th>
            <th>Metadata</th>
            <th>Take it back</th>
          </tr>
        </thead>
        <tbody>
          {events.map((e, i) => (
            <tr key={`${e.atMs} ${e.group} ${e.topic} ${e.partition} ${i}`}>
              <td>
                <Time atMs={e.atMs} />
              </td>
              {withGroup && (
                <td>
                  <Link href={groupPath(e.group)}>{e.group}</Link>
                </td>
              )}
              <td>
                {e.topic}-{e.partition}
              </td>
              <td className="n">{offset(e.from, '–')}</td>
              <td className="n">{offset(e.to, 'none')}</td>
              <td>
                <Chip tone={TONES[e.kind]}>{WORDS[e.kind]}</Chip> {e.member?.clientId}{' '}
                {e.jump !== null && <Chip tone="warn">{e.jump === 'back' ? 'back' : 'to the end'}</Chip>}
              </td>
              <td className="dim metadata">{e.metadata !== null && e.metadata !== '' && <code>{e.metadata.slice(0, 60)}</code>}</td>
              <td>{(e.kind === 'outside' || e.kind === 'deleted') && e.from !== null && <UndoCommit event={e} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
