/** AlterClientQuotas 0 to 1 (KIP-546). v1 flexible. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'

type Context = RequestContext<Pick<Services, 'quotas'>>

export const alterClientQuotas = handler(apis.AlterClientQuotas, { versions: [0, 1], holds: true }, (request, { services }: Context) => {
  const answers = request.entries.map(({ entity, ops }) => {
    const named = entity.map(({ entityType, entityName }) => ({ type: entityType, name: entityName }))
    return after(services.quotas.alter(named, ops, request.validateOnly), (outcome) => ({ ...outcome, entity }))
  })
  return after(allOf(answers), (entries) => ({ entries }))
})
