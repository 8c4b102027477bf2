import type { Finding } from '../../../src/shapes.ts'
import { FindingTable } from '../doctor/finding-table.tsx'
import { plural } from '../format.ts'
import { Panel } from '../parts/parts.tsx'

export function GroupFindings({ findings }: { findings: readonly Finding[] | undefined }) {
  const own = findings?.filter((f) => f.group !== null) ?? []
  if (own.length === 0) return null
  return (
    <Panel title="Doctor" header={<span className="dim small">{plural(own.length, 'finding')}</span>}>
      <FindingTable findings={own} withGroup={false} />
    </Panel>
  )
}
