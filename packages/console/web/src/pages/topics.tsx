import { useState } from 'react'
import type { TopicRow } from '../../../src/shapes.ts'
import { bytes, count, plural } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Link } from '../parts/link.tsx'
import { Chip, Failure } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { topicPath, useQueryValue } from '../state/router.ts'

const SHOWN = 200

export function TopicsPage() {
  const info = useInfo()
  const { data, error } = useLoaded<readonly TopicRow[]>('/api/topics')
  const [search, setSearch] = useQueryValue('q')
  const [internal, setInternal] = useQueryValue('internal')
  const [shown, setShown] = useState(SHOWN)
  const rows = (data ?? []).filter(
    (t) => (internal !== null || !t.internal) && t.topic.toLowerCase().includes((search ?? '').toLowerCase()),
  )
  return (
    <>
      <div className="top">
        <h1>Topics</h1>
        <span className="crumb" role="status">
          {data === undefined ? 'loading…' : plural(rows.length, 'topic')}
        </span>
      </div>
      {error !== undefined && <Failure error={error} />}
      <section className="panel" aria-label="Topics of the cluster">
        <div className="fields">
          <label className="field">
            Topic
            <input type="search" value={search ?? ''} onChange={(e) => setSearch(e.target.value)} placeholder="part of a name" />
          </label>
          <label className="small">
            <input type="checkbox" checked={internal !== null} onChange={(e) => setInternal(e.target.checked ? '1' : null)} /> with Kafka's
            own
          </label>
        </div>
        {data !== undefined && rows.length === 0 && (
          <p className="empty">{data.length > 0 ? 'No topic matches.' : 'The cluster has no topics yet.'}</p>
        )}
        {rows.length > 0 && (
          <Scroll label="Topics">
            <table>
              <thead>
                <tr>
                  <th>Topic</th>
                  <th className="n">Partitions</th>
                  <th className="n">Replicas</th>
                  <th className="n">Size</th>
                  <th>State</th>
                </tr>
              </thead>
              <tbody>
                {rows.slice(0, shown).map((t) => (
                  <tr key={t.topic}>
                    <td>
                      <Link href={topicPath(t.topic)}>{t.topic}</Link>
                    </td>
                    <td className="n">{count(t.partitions)}</td>
                    <td className="n">{count(t.replicas)}</td>
                    <td className="n">{t.bytes === null ? '–' : bytes(t.bytes)}</td>
                    <td>
                      {t.underReplicated > 0 ? (
                        <Chip tone="warn">{plural(t.underReplicated, 'partition')} with too few in-sync replicas</Chip>
                      ) : (
                        <Chip tone="ok">in sync</Chip>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        {shown < rows.length && (
          <div className="act">
            <button type="button" className="quiet" onClick={() => setShown(shown + SHOWN)}>
              Show {Math.min(SHOWN, rows.length - shown)} more of {count(rows.length)}
            </button>
          </div>
        )}
      </section>
      <div className="foot">
        <CommandLine command={`tidemark topic list${clusterFlags(info)}`} />
      </div>
    </>
  )
}
