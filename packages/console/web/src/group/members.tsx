import type { GroupView } from '../../../src/shapes.ts'
import { Panel } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'

export function Members({ lag }: { lag: GroupView }) {
  if (lag.members.length === 0) return null
  const owned = (memberId: string): string => {
    const own = lag.partitions.filter((p) => p.owner?.memberId === memberId)
    const topics = Map.groupBy(own, (p) => p.topic)
    return [...topics].map(([topic, list]) => `${topic} ${list.map((p) => p.partition).join(', ')}`).join(' · ') || 'no partition'
  }
  return (
    <Panel title="Members">
      <Scroll label="Members">
        <table>
          <thead>
            <tr>
              <th>Client</th>
              <th>Host</th>
              <th>Member id</th>
              <th>Partitions</th>
            </tr>
          </thead>
          <tbody>
            {lag.members.map((m) => (
              <tr key={m.memberId}>
                <td>{m.clientId}</td>
                <td>{m.host.replace(/^\//, '')}</td>
                <td className="dim">{m.instanceId === null ? m.memberId : `${m.instanceId} (static)`}</td>
                <td>{owned(m.memberId)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  )
}
