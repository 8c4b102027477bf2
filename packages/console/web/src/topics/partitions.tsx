import type { TopicPartitionRow } from '../../../src/shapes.ts'
import { bytes, count } from '../format.ts'
import { Panel } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

const orDash = (value: number | null): string => (value === null ? '–' : count(value))

export const Partitions = ({ rows }: { rows: readonly TopicPartitionRow[] }) => (
  <Panel title="Partitions">
    <Scroll label="Partitions">
      <table>
        <thead>
          <tr>
            <th className="n">Partition</th>
            <th className="n">Start</th>
            <th className="n">End</th>
            <th className="n">Size</th>
            <th>Leader</th>
            <th>In sync</th>
            <th>Replicas</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((p) => (
            <tr key={p.partition}>
              <td className="n">{p.partition}</td>
              <td className="n">{orDash(p.start)}</td>
              <td className="n">{orDash(p.end)}</td>
              <td className="n">{p.bytes === null ? '–' : bytes(p.bytes)}</td>
              <td>
                {p.leader < 0 ? 'none now' : `node ${p.leader}`} <span className="dim">epoch {p.leaderEpoch}</span>
              </td>
              <td>{p.isr.join(', ')}</td>
              <td>{p.replicas.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  </Panel>
)
