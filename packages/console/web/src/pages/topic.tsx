import { shellWord } from '@tidemark/platform/shell-word'
import type { TopicDetails } from '../../../src/shapes.ts'
import { count, plural } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Chip, Failure, Segments } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { useQueryValue } from '../state/router.ts'
import { Configuration } from '../topics/configuration.tsx'
import { Partitions } from '../topics/partitions.tsx'
import { Records } from '../topics/records.tsx'
import { Standing } from '../topics/standing.tsx'

type View = 'records' | 'partitions' | 'groups' | 'configuration'
const isView = (text: string | null): text is View => text === 'partitions' || text === 'groups' || text === 'configuration'

export function TopicPage({ topic }: { topic: string }) {
  const info = useInfo()
  const { data, error } = useLoaded<TopicDetails>(`/api/topics/${encodeURIComponent(topic)}`)
  const [viewText, setView] = useQueryValue('view')
  const view: View = isView(viewText) ? viewText : 'records'
  const held = data?.partitions.reduce((sum, p) => sum + ((p.end ?? 0) - (p.start ?? 0)), 0)
  return (
    <>
      <div className="top">
        <h1>{topic}</h1>
        {data?.internal && <Chip>Kafka's own</Chip>}
        {data !== undefined && (
          <span className="crumb">
            {plural(data.partitions.length, 'partition')}, {count(held!)} offsets held
          </span>
        )}
        <Segments<View>
          label="What is shown"
          value={view}
          choices={[
            { value: 'records', label: 'Records' },
            { value: 'partitions', label: 'Partitions' },
            { value: 'groups', label: 'Groups' },
            { value: 'configuration', label: 'Configuration' },
          ]}
          onChange={(value) => setView(value === 'records' ? null : value)}
        />
      </div>
      {error !== undefined && <Failure error={error} />}
      {data !== undefined && view === 'records' && <Records topic={topic} partitions={data.partitions.length} />}
      {data !== undefined && view === 'partitions' && <Partitions rows={data.partitions} />}
      {data !== undefined && view === 'groups' && <Standing topic={topic} />}
      {data !== undefined && view === 'configuration' && <Configuration configs={data.configs} />}
      <div className="foot">
        <CommandLine
          command={
            view === 'records'
              ? `tidemark consume ${shellWord(topic)}${clusterFlags(info)}`
              : `tidemark topic describe ${shellWord(topic)}${clusterFlags(info)}`
          }
        />
      </div>
    </>
  )
}
