import type { Finding } from '../../../src/shapes.ts'
import { CommandLine } from '../parts/command.tsx'
import { Link } from '../parts/link.tsx'
import { Chip, type Tone } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { groupPath, topicPath } from '../state/router.ts'

const TONES: Readonly<Record<Finding['severity'], Tone>> = { error: 'bad', warning: 'warn', notice: 'plain' }
const SHOWN = 300

/** What is wrong, where, and the command that mends it. */
export function FindingTable({ findings, withGroup }: { findings: readonly Finding[]; withGroup: boolean }) {
  return (
    <Scroll label="Findings">
      <table className="findings">
        <thead>
          <tr>
            <th>Severity</th>
            <th>Where</th>
            <th>What, and what mends it</th>
          </tr>
        </thead>
        <tbody>
          {findings.slice(0, SHOWN).map((f) => (
            <tr key={`${f.rule} ${f.group} ${f.topic} ${f.partition} ${f.message}`}>
              <td>
                <Chip tone={TONES[f.severity]}>{f.severity}</Chip>
                <div className="dim small">{f.rule}</div>
              </td>
              <td>
                {withGroup && f.group !== null && (
                  <div>
                    <Link href={groupPath(f.group)}>{f.group}</Link>
                  </div>
                )}
                {f.topic !== null && <Link href={topicPath(f.topic)}>{f.partition === null ? f.topic : `${f.topic}-${f.partition}`}</Link>}
              </td>
              <td>
                {f.message}
                {f.command !== null && <CommandLine command={f.command} label={`What mends ${f.rule}`} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {findings.length > SHOWN && <p className="empty">and {findings.length - SHOWN} more: the command line shows all</p>}
    </Scroll>
  )
}
