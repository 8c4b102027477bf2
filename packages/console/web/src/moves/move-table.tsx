import type { MoveRecord } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { Link } from '../parts/link.tsx'
import { Chip, Time, type Tone } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { useInfo } from '../state/info.ts'
import { groupPath } from '../state/router.ts'
import { UndoButton } from './undo-button.tsx'

const TONES: Readonly<Record<MoveRecord['state'], Tone>> = { applied: 'ok', undone: 'plain', failed: 'bad', applying: 'warn' }
const SHOWN = 3

/** Who moved what, when and why; newest first. */
export function MoveTable({ moves, withGroup }: { moves: readonly MoveRecord[]; withGroup: boolean }) {
  const info = useInfo()
  const whyNot = (move: MoveRecord): string | null => {
    if (info?.readOnly) return 'read-only'
    if (move.state === 'undone') return 'it was undone'
    if (move.state === 'failed') return move.changes.some((c) => c.state === 'done') ? null : 'it changed nothing'
    return null
  }
  return (
    <Scroll label="Moves">
      <table>
        <thead>
          <tr>
            <th>When</th>
            {withGroup && <th>Group</th>}
            <th>Moved</th>
            <th>Who and why</th>
            <th>State</th>
            <th>Take it back</th>
          </tr>
        </thead>
        <tbody>
          {moves.map((m) => (
            <tr key={m.id}>
              <td>
                <Time atMs={m.atMs} />
              </td>
              {withGroup && (
                <td>
                  <Link href={groupPath(m.group)}>{m.group}</Link>
                </td>
              )}
              <td>
                {m.changes.slice(0, SHOWN).map((c) => (
                  <div key={`${c.topic} ${c.partition}`} className="line">
                    {c.topic}-{c.partition}: {c.before === null ? 'none' : count(c.before.offset)} →{' '}
                    {c.after === null ? 'none' : count(c.after.offset)}
                  </div>
                ))}
                {m.changes.length > SHOWN && <div className="dim">and {plural(m.changes.length - SHOWN, 'more partition')}</div>}
              </td>
              <td>
                {m.user}
                {m.reason !== null && <span className="dim"> · “{m.reason}”</span>}
                {m.undoes !== null && <span className="dim"> · undo of an earlier move</span>}
              </td>
              <td>
                <Chip tone={TONES[m.state]}>{m.state}</Chip>
              </td>
              <td>
                <UndoButton id={m.id} label="Undo" why={whyNot(m)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
