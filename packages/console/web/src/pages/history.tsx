import type { MoveRecord } from '../../../src/shapes.ts'
import { plural } from '../format.ts'
import { MoveTable } from '../moves/move-table.tsx'
import { CommandLine } from '../parts/command.tsx'
import { Failure, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { brokersFlag, useInfo } from '../state/info.ts'

const REFRESH_MS = 5_000

export function HistoryPage() {
  const info = useInfo()
  const { data, error } = useLoaded<readonly MoveRecord[]>('/api/moves', REFRESH_MS)
  return (
    <>
      <div className="top">
        <h1>History</h1>
        <span className="crumb">{data === undefined ? 'loading…' : plural(data.length, 'move')}</span>
      </div>
      {error !== undefined && <Failure error={error} />}
      <Panel title="Moves" header={<span className="dim small">made from this machine, with the console or the command line</span>}>
        {data?.length === 0 ? (
          <p className="empty">Nothing was moved from this machine yet.</p>
        ) : (
          data && <MoveTable moves={data} withGroup />
        )}
      </Panel>
      <div className="foot">
        <CommandLine command={`tidemark offsets undo --list${brokersFlag(info)}`} />
      </div>
    </>
  )
}
