/**
 * The command of Kafka's own tool, `kafka-consumer-groups.sh`, that does what a plan does. A target that the tool has
 * no word for becomes a file of offsets: it does not read them from a pipe.
 */
import { counted } from '@tidemark/platform'
import { shellWord } from '@tidemark/platform/shell-word'
import type { GroupFacts } from './facts.ts'
import type { MoveWish, PlannedChange } from './types.ts'

const LINES_MAX = 50

type Reached = Pick<GroupFacts, 'brokers' | 'isSecured'>

export function kafkaCommand(wish: MoveWish, { brokers, isSecured }: Reached, changes: readonly PlannedChange[]): string {
  const secured = isSecured ? ' --command-config client.properties' : '' // the file is the reader's own
  const tool = `kafka-consumer-groups.sh --bootstrap-server ${shellWord(brokers.join(','))}${secured} --group ${shellWord(wish.group)}`
  const touched = changes.filter((c) => c.outcome === 'moves' || c.outcome === 'deletes')
  if (touched.length === 0) return `${tool} --describe`
  const deleted = touched.filter((c) => c.outcome === 'deletes')
  const moved = touched.filter((c) => c.outcome === 'moves')
  const commands: string[] = []
  if (wish.target.kind === 'delete' && wish.target.group === true) return `${tool} --delete`
  if (deleted.length > 0) commands.push(`${tool} --delete-offsets${topics(deleted)}`)
  if (moved.length > 0) commands.push(resetOf(wish, tool, moved))
  return commands.join(' && ')
}

function resetOf({ target }: MoveWish, tool: string, moved: readonly PlannedChange[]): string {
  const reset = (to: string): string => `${tool} --reset-offsets${topics(moved)} ${to} --execute`
  switch (target.kind) {
    case 'start':
      return reset('--to-earliest')
    case 'end':
      return reset('--to-latest')
    case 'offset':
      return reset(`--to-offset ${target.offset}`)
    case 'shift':
      return reset(`--shift-by ${target.by}`)
    case 'current':
      return reset('--to-current')
    case 'time':
      return reset(`--to-datetime ${new Date(target.atMs).toISOString()}`)
    default: {
      const apply = `${tool} --reset-offsets --from-file offsets.csv --execute`
      if (moved.length > LINES_MAX)
        return `${apply} # offsets.csv has a line topic,partition,offset for each of ${counted(moved.length, 'partition')}`
      const lines = moved.map(({ topic, partition, after }) => shellWord(`${topic},${partition},${after!.offset}`))
      return `printf '%s\\n' ${lines.join(' ')} > offsets.csv && ${apply}`
    }
  }
}

/** ` --topic orders:0,1 --topic payments:2` */
function topics(changes: readonly PlannedChange[]): string {
  return [...Map.groupBy(changes, ({ topic }) => topic)]
    .map(([topic, list]) => ` --topic ${shellWord(`${topic}:${list.map(({ partition }) => partition).join(',')}`)}`)
    .join('')
}
