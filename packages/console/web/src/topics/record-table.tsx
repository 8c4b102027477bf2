import type { ShownBytes, ShownRecord, ShownSchema } from '../../../src/shapes.ts'
import { bytes, count } from '../format.ts'
import { Time } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

/** Keys and values are text to be shown, never markup. `marked`: the offset of the record that it is about. */
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
                <Glance value={r.key} /> <Schema value={r.key} />
              </td>
              <td>
                <Whole record={r} /> <Schema value={r.value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const GLANCE = 120

/** By which schema it was decoded, or why not. */
const Schema = ({ value }: { value: ShownBytes | null }) => {
  if (value?.schema === undefined) return null
  const { schema } = value
  if ('problem' in schema) return <span className="chip warn">schema {schema.id}: not decoded</span>
  return (
    <span className="small dim">
      schema {schema.id}, {schema.type}
    </span>
  )
}

const Glance = ({ value }: { value: ShownBytes | null }) =>
  value === null ? (
    <span className="dim">null</span>
  ) : (
    <code>{value.text.length > GLANCE ? `${value.text.slice(0, GLANCE)}…` : value.text}</code>
  )

function Whole({ record }: { record: ShownRecord }) {
  const { value, headers } = record
  const isShort =
    headers.length === 0 && (value === null || (value.schema === undefined && value.text.length <= GLANCE && !value.text.includes('\n')))
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
          {value.schema !== undefined && `, ${schemaOf(value.schema)}`}
        </div>
      )}
    </details>
  )
}

const schemaOf = (schema: ShownSchema): string =>
  'problem' in schema ? schema.problem : `schema ${schema.id}, ${schema.type}${schema.name === null ? '' : ` ${schema.name}`}`

/** The server cuts long values: then it is no longer JSON. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return text
  }
}
