/**
 * DescribeLogDirs 0 to 5. v2 flexible · v3 top-level error · v4 the size of the volume · v5 whether it is cordoned.
 * There is one folder, and nothing is ever moved between folders.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import type { Topic } from '../state/cluster/records.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions' | 'options' | 'nodes'>>

export const describeLogDirs = handler(apis.DescribeLogDirs, { versions: [0, 5], holds: true }, (request, { node, services }: Context) => {
  const { topics, partitions, options, nodes } = services
  const isHere = (topic: Topic, index: number): boolean => nodes.replicasOf(topic, index).includes(node.id)
  const asked =
    request.topics === null
      ? Array.from(topics.all(), (topic) => ({
          topic,
          indexes: Array.from({ length: topic.partitions }, (_, i) => i).filter((index) => isHere(topic, index)),
        }))
      : request.topics.flatMap(({ topic: name, partitions: named }) => {
          const topic = topics.byName(name)
          return topic === undefined
            ? []
            : [{ topic, indexes: named.filter((index) => hasPartition(topic, index) && isHere(topic, index)) }]
        })
  const sizes = asked.map(({ topic, indexes }) =>
    after(allOf(indexes.map((index) => partitions.bytesOf(topic, index))), (bytes) => ({
      name: topic.name,
      partitions: indexes.map((partitionIndex, i) => ({ partitionIndex, partitionSize: bytes[i]!, offsetLag: 0, isFutureKey: false })),
    })),
  )
  return after(allOf(sizes), (described) => ({
    errorCode: ErrorCode.NONE,
    results: [{ errorCode: ErrorCode.NONE, logDir: options.data, topics: described.filter((it) => it.partitions.length > 0) }],
  }))
})
