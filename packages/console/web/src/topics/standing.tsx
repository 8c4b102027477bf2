import type { StandingGroup } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { toneOf } from '../groups/list.tsx'
import { Link } from '../parts/link.tsx'
import { Chip, Failure, Panel } from '../parts/parts.tsx'
import { Scroll } from '../parts/scroll.tsx'
import { useLoaded } from '../state/api.ts'
import { groupPath } from '../state/router.ts'

const SHOWN = 200
const PLACES = 6

/** The groups that stand in this topic. */
export function Standing({ topic }: { topic: string }) {
  const { data, error } = useLoaded<readonly StandingGroup[]>(`/api/topics/${encodeURIComponent(topic)}/groups`)
  return (
    <Panel title="Groups that stand here" header={<span className="dim small">{data && plural(data.length, 'group')}</span>}>
      {error !== undefined && <Failure error={error} />}
      {data?.length === 0 && <p className="empty">No group has committed anything in this topic.</p>}
      {data !== undefined && data.length > 0 && (
        <Scroll label="Groups that stand here">
          <table>
            <thead>
              <tr>
                <th>Group</th>
                <th>State</th>
                <th className="n">Open</th>
                <th>Where</th>
              </tr>
            </thead>
            <tbody>
              {data.slice(0, SHOWN).map((g) => (
                <tr key={g.group}>
                  <td>
                    <Link href={groupPath(g.group)}>{g.group}</Link>
                  </td>
                  <td>
                    <Chip tone={toneOf(g.state)}>{g.state}</Chip>
                  </td>
                  <td className="n">{count(g.open)}</td>
                  <td className="dim">
                    {g.places
                      .slice(0, PLACES)
                      .map((p) => `${p.partition}: ${p.committed === null ? 'none' : count(p.committed)}`)
                      .join(' · ')}
                    {g.places.length > PLACES && ` and ${plural(g.places.length - PLACES, 'more partition')}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  )
}
