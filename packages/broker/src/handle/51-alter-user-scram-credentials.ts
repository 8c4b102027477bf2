/**
 * AlterUserScramCredentials 0 (KIP-554). The password comes salted: the broker makes the keys of it and forgets it. A
 * user is altered once in a request, whatever the mechanisms (Kafka's `ScramControlManager`).
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'

type Context = RequestContext<Pick<Services, 'users'>>

export const alterUserScramCredentials = handler(
  apis.AlterUserScramCredentials,
  { versions: [0, 0], holds: true },
  (request, { services }: Context) => {
    const { users } = services
    const deletions = Map.groupBy(request.deletions, ({ name }) => name)
    const upsertions = Map.groupBy(request.upsertions, ({ name }) => name)
    const outcomes = [...new Set([...deletions.keys(), ...upsertions.keys()])].map((user) => {
      const [removed, set] = [deletions.get(user) ?? [], upsertions.get(user) ?? []]
      if (removed.length + set.length > 1) {
        return {
          user,
          errorCode: ErrorCode.DUPLICATE_RESOURCE,
          errorMessage: 'A user credential cannot be altered twice in the same request',
        }
      }
      return after(users.alter(user, removed, set), (outcome) => ({ user, ...outcome }))
    })
    return after(allOf(outcomes), (results) => ({ results }))
  },
)
