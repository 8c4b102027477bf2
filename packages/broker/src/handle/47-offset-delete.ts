/** OffsetDelete 0 (KIP-496). Committed offsets of topics that exist and that no member of the group subscribes to. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups' | 'topics'>>

export const offsetDelete = handler(apis.OffsetDelete, { versions: [0, 0], holds: true }, (request, { services, signal }: Context) => {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }))
  const exists = ({ name }: { readonly name: string }): boolean => services.topics.byName(name) !== undefined
  const existing = topics.filter(exists)
  const unknown = topics.filter((topic) => !exists(topic))
  return after(
    services.groups.deleteOffsets({ groupId: request.groupId, topics: existing }, signal),
    (reply) =>
      reply && {
        errorCode: reply.errorCode,
        topics: [
          ...reply.topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })),
          ...(reply.errorCode === ErrorCode.NONE ? unknown.map(unknownTopic) : []),
        ],
      },
  )
})

const unknownTopic = ({ name, partitions }: { readonly name: string; readonly partitions: readonly number[] }) => ({
  name,
  partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })),
})
