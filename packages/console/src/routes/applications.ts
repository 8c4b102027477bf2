import type { ApplyWish } from '../data.ts'
import { Refusal } from '../guard/refusal.ts'
import { checkWritable } from './plans.ts'
import type { Route } from './route.ts'
import { digits, object, text } from './schemas.ts'

const WAIT_MS_MAX = 24 * 3_600_000

/** The one way to write: a plan is applied, if nothing has changed since it was made. */
export const applications: Route = (app, services) => {
  const { plans, applications } = services
  const body = object({
    accept: { type: 'array', maxItems: 20, items: text(64) },
    waitEmptyMs: { type: 'integer', minimum: 0, maximum: WAIT_MS_MAX },
    reason: text(1_000),
    confirm: text(4_096),
  })
  const planParams = object({ id: { type: 'string', pattern: '^[0-9a-f]{64}$' } }, ['id'])
  app.post<{ Params: { id: string }; Body: ApplyWish & { readonly confirm?: string } }>(
    '/api/plans/:id/apply',
    { schema: { params: planParams, body } },
    async (request) => {
      checkWritable(services)
      const { confirm, ...wish } = request.body
      const plan = plans.get(request.params.id)
      if (services.info.protected && confirm !== plan.group) {
        throw new Refusal(403, 'NOT_CONFIRMED', `this cluster is protected: confirm with the name of the group, '${plan.group}'`)
      }
      return applications.begin(plan, wish)
    },
  )

  const params = object({ id: digits }, ['id'])
  app.get<{ Params: { id: string } }>('/api/applications/:id', { schema: { params } }, async (request) =>
    applications.get(request.params.id),
  )
  app.post<{ Params: { id: string } }>('/api/applications/:id/cancel', { schema: { params } }, async (request) =>
    applications.cancel(request.params.id),
  )
}
