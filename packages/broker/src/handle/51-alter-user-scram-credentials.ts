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
    const names = [...request.deletions, ...request.upsertions].map(({ name }) => name)
    const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i))
    const outcomes = [...new Set(names)].map((user) => {
      if (twice.has(user)) {
        return {
          user,
          errorCode: ErrorCode.DUPLICATE_RESOURCE,
          errorMessage: 'A user credential cannot be altered twice in the same request',
        }
      }
      const deletions = request.deletions.filter(({ name }) => name === user)
      const upsertions = request.upsertions.filter(({ name }) => name === user)
      return after(users.alter(user, deletions, upsertions), (outcome) => ({ user, ...outcome }))
    })
    return after(allOf(outcomes), (results) => ({ results }))
  },
)
