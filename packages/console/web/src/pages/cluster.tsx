import type { ReactNode } from 'react'
import type { ClusterDetails } from '../../../src/shapes.ts'
import { bytes, count } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Chip, Failure, Panel, Stat } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'

const REFRESH_MS = 10_000

export function ClusterPage() {
  const info = useInfo()
  const { data, error } = useLoaded<ClusterDetails>('/api/cluster', REFRESH_MS)
  return (
    <>
      <div className="top">
        <h1>Cluster</h1>
        <span className="crumb">{data?.clusterId}</span>
      </div>
      {error !== undefined && <Failure error={error} />}
      {data !== undefined && <Details data={data} />}
      <div className="foot">
        <CommandLine command={`tidemark acl list${clusterFlags(info)}`} />
      </div>
    </>
  )
}

function Details({ data }: { data: ClusterDetails }) {
  const { quorum, acls } = data
  return (
    <>
      <dl className="stats">
        <Stat label="Nodes" value={count(data.nodes.length)} />
        <Stat label="Controller" value={data.controller < 0 ? '–' : `node ${data.controller}`} />
        <Stat label="Quorum" value={'unavailable' in quorum ? '–' : `led by node ${quorum.leader}`}>
          {'unavailable' in quorum ? quorum.unavailable : `voters ${quorum.voters.join(', ')}`}
        </Stat>
      </dl>
      <Panel title="Nodes">
        <Rows
          label="Nodes"
          head={['Node', 'Address', 'Rack', 'On disk']}
          rows={data.nodes.map((n) => [
            n.id === data.controller ? `${n.id} (controller)` : String(n.id),
            `${n.host}:${n.port}`,
            n.rack ?? '–',
            n.bytes === null ? '–' : bytes(n.bytes),
          ])}
        />
      </Panel>
      <Panel title="Features">
        <Rows
          label="Features"
          head={['Feature', 'Finalized', 'Supported']}
          rows={data.features.map((f) => [
            <code key="n">{f.name}</code>,
            f.finalized ?? '–',
            f.min === null ? '–' : `${f.min} to ${f.max}`,
          ])}
        />
      </Panel>
      <Panel title="Access">
        {'unavailable' in acls ? (
          <p className="empty">{acls.unavailable}</p>
        ) : acls.length === 0 ? (
          <p className="empty">There are no ACLs.</p>
        ) : (
          <Rows
            label="Access"
            head={['Principal', 'May', 'On', 'From']}
            rows={acls.map((a) => [
              a.principal,
              <span key="p">
                <Chip tone={a.permission === 'deny' ? 'bad' : 'ok'}>{a.permission}</Chip> {a.operation}
              </span>,
              `${a.resource} ${a.name}${a.pattern === 'prefixed' ? '*' : ''}`,
              a.host,
            ])}
          />
        )}
      </Panel>
    </>
  )
}

const Rows = ({ label, head, rows }: { label: string; head: readonly string[]; rows: readonly (readonly ReactNode[])[] }) => (
  <Scroll label={label}>
    <table>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={i}>
            {row.map((cell, j) => (
              <td key={j}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
)
