import { useState } from 'react'
import type { TopicConfig } from '../../../src/shapes.ts'
import { Chip, Panel } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

export function Configuration({ configs }: { configs: readonly TopicConfig[] }) {
  const [all, setAll] = useState(false)
  const set = configs.filter((c) => !c.isDefault)
  const rows = all ? configs : set
  return (
    <Panel
      title="Configuration"
      header={
        <label className="small">
          <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} /> with defaults
        </label>
      }
    >
      {rows.length === 0 && <p className="empty">Everything has its default.</p>}
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
