import type { ReactNode } from 'react'
import type { MovePlan, PlannedChange } from '../../../src/shapes.ts'
import { bytes, count, duration, plural, time } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Chip, Panel, Time } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { clusterFlags, useInfo } from '../state/info.ts'
import { planCommand } from './command.ts'

/** Consequences first, in a sentence; then partition by partition; then as a command of Kafka's own tool. */
export function Review({ plan, children }: { plan: MovePlan; children: ReactNode }) {
  const info = useInfo()
  const touched = plan.changes.filter((c) => c.outcome !== 'unchanged')
  const unchanged = plan.changes.filter((c) => c.outcome === 'unchanged')
  return (
    <Panel
      title="Move: review"
      takesFocus
      header={
        <>
          <Chip title={plan.id}>
            plan {plan.id.slice(0, 8)}… · valid until {time(plan.expiresAtMs)}
          </Chip>
          <span className="dim small">made {time(plan.createdAtMs)}</span>
        </>
      }
    >
      <div className="say">
        <p>
          <strong>{sentence(plan.summary)}</strong>
        </p>
        {plan.warnings.map((w) => (
          <p key={`${w.code} ${w.message}`}>
            <Chip tone="warn">note</Chip> {w.message}
          </p>
        ))}
      </div>
      <Scroll label="What the plan changes">
        <table>
          <thead>
            <tr>
              <th>Partition</th>
              <th className="n">Before</th>
              <th className="n">After</th>
              <th className="n">Handled again</th>
              <th className="n">Skipped</th>
              <th>First record</th>
              <th>Span</th>
              <th>Notes</th>
            </tr>
          </thead>
          <tbody>
            {touched.map((change) => (
              <Change key={`${change.topic} ${change.partition}`} change={change} />
            ))}
            {unchanged.length > 0 && (
              <tr className="dim">
                <td>{plural(unchanged.length, 'more partition')}</td>
                <td className="n" colSpan={2}>
                  unchanged
                </td>
                <td className="n">0</td>
                <td className="n">0</td>
                <td colSpan={3} />
              </tr>
            )}
          </tbody>
        </table>
      </Scroll>
      <div className="say">
        <CommandLine command={planCommand(plan, clusterFlags(info))} />
        <CommandLine command={plan.command} label="The same with Kafka's own tool" />
      </div>
      {children}
    </Panel>
  )
}

function Change({ change: c }: { change: PlannedChange }) {
  const about = c.counted === 'exact' ? '' : '≤ '
  return (
    <tr>
      <td>
        {c.topic}-{c.partition}
      </td>
      <td className="n">{c.before === null ? <span className="dim">none</span> : count(c.before.offset)}</td>
      <td className="n">{c.after === null ? <span className="dim">none</span> : count(c.after.offset)}</td>
      <td className="n">{c.replayed === 0 ? '0' : `${about}${count(c.replayed)}`}</td>
      <td className="n">{c.skipped === 0 ? '0' : `${about}${count(c.skipped)}`}</td>
      <td>
        {c.first !== null && (
          <>
            <Time atMs={c.first.timestampMs} />
            {c.first.key !== null && (
              <>
                {' '}
                · key <code>{c.first.key}</code>
              </>
            )}
          </>
        )}
      </td>
      <td>
        {[
          c.spanMs === null ? null : duration(c.spanMs),
          c.bytes === null ? null : `${c.bytes.certainty === 'exact' ? '' : '≈ '}${bytes(c.bytes.value)}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </td>
      <td>
        {c.outcome === 'refused' && <Chip tone="bad">left as it is</Chip>} {c.fallback !== null && <Chip tone="warn">{c.fallback}</Chip>}{' '}
        {c.lost > 0 && `${count(c.lost)} offsets between are no longer in the log. `}
        {c.notes.join('; ')}
      </td>
    </tr>
  )
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
