/** DescribeUserScramCredentials 0 (KIP-554): which mechanisms users have, and the iterations; never the keys. */
import { apis, type DescribeUserScramCredentialsResponse, ErrorCode, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'users'>>
type Answer = InferInput<typeof DescribeUserScramCredentialsResponse>['results'][number]

export const describeUserScramCredentials = handler(
  apis.DescribeUserScramCredentials,
  { versions: [0, 0] },
  (request, { services }: Context) => {
    const all = Map.groupBy(services.users.all(), ({ name }) => name)
    const asked = request.users === null || request.users.length === 0 ? [...all.keys()] : request.users.map(({ name }) => name)
    const results = Array.from(
      Map.groupBy(asked, (name) => name),
      ([user, { length: count }]): Answer => {
        if (count > 1) {
          return {
            user,
            errorCode: ErrorCode.DUPLICATE_RESOURCE,
            errorMessage: `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
            credentialInfos: [],
          }
        }
        const of = all.get(user)
        if (of === undefined) {
          return {
            user,
            errorCode: ErrorCode.RESOURCE_NOT_FOUND,
            errorMessage: `Attempt to describe a user credential that does not exist: ${user}`,
            credentialInfos: [],
          }
        }
        return {
          user,
          errorCode: ErrorCode.NONE,
          errorMessage: '',
          credentialInfos: of.map(({ mechanism, iterations }) => ({ mechanism, iterations })),
        }
      },
    )
    return { errorCode: ErrorCode.NONE, errorMessage: '', results }
  },
)
