import type { FindingsPage } from '../../../src/shapes.ts'
import { FindingTable } from '../doctor/finding-table.tsx'
import { count, plural } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Action, Failure, Panel, Segments } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { useQueryValue } from '../state/router.ts'

type Least = 'notice' | 'warning' | 'error'
const ORDER: readonly Least[] = ['notice', 'warning', 'error']
const isLeast = (text: string | null): text is Least => text === 'warning' || text === 'error'

/** What is wrong with the offsets of all groups, the worst first. */
export function DoctorPage() {
  const info = useInfo()
  const { data, error, loading, reload } = useLoaded<FindingsPage>('/api/doctor')
  const [leastText, setLeast] = useQueryValue('least')
  const least: Least = isLeast(leastText) ? leastText : 'notice'
  const shown = (data?.findings ?? []).filter((f) => ORDER.indexOf(f.severity) >= ORDER.indexOf(least))
  return (
    <>
      <div className="top">
        <h1>Doctor</h1>
        <span className="crumb" role="status">
          {data === undefined
            ? 'examining…'
            : `${plural(shown.length, 'finding')}${data.left > 0 ? `, and ${count(data.left)} less severe ones` : ''}`}
        </span>
        <Segments<Least>
          label="Which findings"
          value={least}
          choices={[
            { value: 'notice', label: 'All' },
            { value: 'warning', label: 'Warnings' },
            { value: 'error', label: 'Errors' },
          ]}
          onChange={(value) => setLeast(value === 'notice' ? null : value)}
        />
        <Action small why={loading ? 'it is being done' : null} onPress={reload}>
          Examine again
        </Action>
      </div>
      {error !== undefined && <Failure error={error} />}
      {data !== undefined && (
        <Panel title="Findings">
          {shown.length === 0 ? (
            <p className="empty">{data.findings.length === 0 ? 'Nothing is wrong.' : 'Nothing as severe as this.'}</p>
          ) : (
            <FindingTable findings={shown} withGroup />
          )}
        </Panel>
      )}
      <div className="foot">
        <CommandLine command={`tidemark doctor${clusterFlags(info)}`} />
      </div>
    </>
  )
}
