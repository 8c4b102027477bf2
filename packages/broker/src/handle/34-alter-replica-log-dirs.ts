/** AlterReplicaLogDirs 1 to 2. v2 flexible. There is one folder: a partition is in it, or cannot be. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'options'>>

export const alterReplicaLogDirs = handler(apis.AlterReplicaLogDirs, { versions: [1, 2] }, (request, { services }: Context) => {
  const codeOf = (path: string, name: string, partition: number): number => {
    if (path !== services.options.data) return ErrorCode.LOG_DIR_NOT_FOUND
    const topic = services.topics.byName(name)
    return topic !== undefined && hasPartition(topic, partition) ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  }
  const results = request.dirs.flatMap(({ path, topics }) =>
    topics.map(({ name, partitions }) => ({
      topicName: name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode: codeOf(path, name, partitionIndex) })),
    })),
  )
  return { results }
})
