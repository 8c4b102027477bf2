import { useState } from 'react'
import type { TopicConfig } from '../../../src/shapes.ts'
import { Chip, Panel } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

export function Configuration({ configs }: { configs: readonly TopicConfig[] | null }) {
  const [all, setAll] = useState(false)
  const rows = (configs ?? []).filter((c) => all || !c.isDefault)
  return (
    <Panel
      title="Configuration"
      header={
        <label className="small">
          <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} /> with defaults
        </label>
      }
    >
      {configs === null && <p className="empty">This client may not see it (DESCRIBE_CONFIGS).</p>}
      {configs !== null && rows.length === 0 && <p className="empty">Everything has its default.</p>}
      {rows.length > 0 && (
        <Scroll label="Configuration">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Value</th>
                <th>Where it is set</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((c) => (
                <tr key={c.name}>
                  <td>
                    <code title={c.documentation ?? undefined}>{c.name}</code>
                  </td>
                  <td>{c.sensitive ? <Chip>hidden</Chip> : <code>{c.value ?? ''}</code>}</td>
                  <td className="dim">{c.source}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  )
}
