import type { ShownBytes, ShownRecord } from '../../../src/shapes.ts'
import { bytes, count } from '../format.ts'
import { Time } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

/** Keys and values are text to be shown, never markup. */
/** `marked`: the offset of the record that it is about. */
export function RecordTable({ records, marked }: { records: readonly ShownRecord[]; marked?: number | undefined }) {
  if (records.length === 0) return null
  return (
    <Scroll label="Records">
      <table>
        <thead>
          <tr>
            <th className="n">Partition</th>
            <th className="n">Offset</th>
            <th>Time</th>
            <th>Key</th>
            <th>Value</th>
          </tr>
        </thead>
        <tbody>
          {records.map((r) => (
            <tr key={`${r.partition} ${r.offset}`} aria-current={r.offset === marked ? 'true' : undefined}>
              <td className="n">{r.partition}</td>
              <td className="n">
                {r.offset === marked && '▸ '}
                {count(r.offset)}
              </td>
              <td>
                <Time atMs={r.timestampMs} />
              </td>
              <td>
                <Glance value={r.key} />
              </td>
              <td>
                <Whole record={r} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const GLANCE = 120

const Glance = ({ value }: { value: ShownBytes | null }) =>
  value === null ? (
    <span className="dim">null</span>
  ) : (
    <code>{value.text.length > GLANCE ? `${value.text.slice(0, GLANCE)}…` : value.text}</code>
  )

function Whole({ record }: { record: ShownRecord }) {
  const { value, headers } = record
  const isShort = headers.length === 0 && (value === null || (value.text.length <= GLANCE && !value.text.includes('\n')))
  if (isShort) return <Glance value={value} />
  return (
    <details>
      <summary>
        <Glance value={value} />
      </summary>
      {value !== null && <pre className="value mono">{value.encoding === 'json' ? pretty(value.text) : value.text}</pre>}
      {headers.map((h, i) => (
        <div key={i} className="small">
          <span className="dim">{h.key}:</span> <Glance value={h.value} />
        </div>
      ))}
      {value !== null && (
        <div className="small dim">
          {value.encoding}, {bytes(value.bytes)}
        </div>
      )}
    </details>
  )
}

/** The server cuts long values: then it is no longer JSON. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return text
  }
}
