/** ListGroups 0 to 5. v3 flexible · v4 states, and a filter on them (KIP-518) · v5 types, likewise (KIP-848). */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

export const listGroups = handler(apis.ListGroups, { versions: [0, 5] }, (request, { services }: Context) =>
  after(services.groups.list({ states: request.statesFilter, types: request.typesFilter }), (listed) => listed),
)
