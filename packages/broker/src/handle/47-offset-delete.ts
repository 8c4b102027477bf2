/** OffsetDelete 0 (KIP-496). Committed offsets of topics that no member of the group subscribes to. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

export const offsetDelete = handler(apis.OffsetDelete, { versions: [0, 0], holds: true }, (request, { services, signal }: Context) => {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }))
  return after(
    services.groups.deleteOffsets({ groupId: request.groupId, topics }, signal),
    (reply) =>
      reply && {
        errorCode: reply.errorCode,
        topics: reply.topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })),
      },
  )
})
