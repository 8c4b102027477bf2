import type { MoveWish } from '@tidemark/offsets'
import { Refusal } from '../guard/refusal.ts'
import { limitsOf, type Route, type Services } from './route.ts'
import { groupName, object } from './schemas.ts'
import { scope } from './scope.ts'

/** Plans say what a move would do, and change nothing. The engine checks what a target may be; this is its outline. */
export const plans: Route = (app, { data, plans }) => {
  const body = object(
    {
      group: groupName,
      scope,
      target: { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } },
      keepMetadata: { type: 'boolean' },
    },
    ['group', 'scope', 'target'],
  )
  app.post<{ Body: MoveWish }>('/api/plans', { schema: { body } }, async (request, reply) =>
    plans.keep(await data.plan(request.body, limitsOf(reply))),
  )

  const params = object({ id: { type: 'string', pattern: '^[0-9a-f]{64}$' } }, ['id'])
  app.get<{ Params: { id: string } }>('/api/plans/:id', { schema: { params } }, async (request) => plans.get(request.params.id))
}

/** Throws `Refusal` READ_ONLY. */
export function checkWritable({ info }: Services): void {
  if (info.readOnly) throw new Refusal(403, 'READ_ONLY', 'this console is read-only: nothing can be moved with it')
}
