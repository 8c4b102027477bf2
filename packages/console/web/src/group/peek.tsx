import { shellWord } from '@tidemark/platform/shell-word'
import type { PeekedRecordView } from '../../../src/shapes.ts'
import { count } from '../format.ts'
import { CommandLine } from '../parts/command.tsx'
import { Link } from '../parts/link.tsx'
import { Failure, Panel } from '../parts/parts.tsx'
import { useLoaded } from '../state/api.ts'
import { clusterFlags, useInfo } from '../state/info.ts'
import { groupPath, topicPath } from '../state/router.ts'
import { RecordTable } from '../topics/record-table.tsx'

const AROUND = 3

/** The record under the committed offset, and those around it. */
export function Peek({ group, topic, partition }: { group: string; topic: string; partition: number }) {
  const info = useInfo()
  const query = `topic=${encodeURIComponent(topic)}&partition=${partition}&around=${AROUND}`
  const { data, error } = useLoaded<readonly PeekedRecordView[]>(`/api/groups/${encodeURIComponent(group)}/peek?${query}`)
  const next = data?.find((r) => r.place === 'at')
  return (
    <Panel
      title={`The next record of ${topic}-${partition}`}
      header={
        <>
          <span className="dim small">
            {data !== undefined &&
              (next === undefined
                ? 'there is none yet: the group has read everything'
                : `the group reads offset ${count(next.offset)} next`)}
          </span>
          <Link className="small end" href={groupPath(group)}>
            close
          </Link>
        </>
      }
    >
      {error !== undefined && <Failure error={error} />}
      {data !== undefined && <RecordTable records={data} marked={next?.offset} />}
      <div className="say">
        <CommandLine
          command={`tidemark peek ${shellWord(group)} --topic ${shellWord(topic)} --partition ${partition}${clusterFlags(info)}`}
        />
        {next !== undefined && (
          <Link href={`${topicPath(topic)}?partition=${partition}&from=offset:${next.offset}`}>read on in the topic</Link>
        )}
      </div>
    </Panel>
  )
}
