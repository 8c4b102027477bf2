import type { MoveWish } from '@tidemark/offsets'
import { limitsOf, type Route } from './route.ts'
import { groupName, object } from './schemas.ts'
import { scope } from './scope.ts'

/** A plan back to where a group stood at a time, no matter who moved it since, as far as the log of commits says. */
export const restore: Route = (app, { data, plans }) => {
  const schema = {
    params: object({ group: groupName }, ['group']),
    body: object({ atMs: { type: 'integer', minimum: 0 }, scope }, ['atMs', 'scope']),
  }
  app.post<{ Params: { group: string }; Body: { atMs: number; scope: MoveWish['scope'] } }>(
    '/api/groups/:group/restore',
    { schema },
    async ({ params, body }, reply) => plans.keep(await data.planRestore(params.group, body.atMs, body.scope, limitsOf(reply))),
  )
}
