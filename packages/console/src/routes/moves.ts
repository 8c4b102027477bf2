import { limitsOf, type Route } from './route.ts'
import { groupName, object, text } from './schemas.ts'

/** Moves that were made from this machine, and plans that take them back. */
export const moves: Route = (app, { data, plans }) => {
  const querystring = object({ group: groupName })
  app.get<{ Querystring: { group?: string } }>('/api/moves', { schema: { querystring } }, async (request, reply) =>
    data.moves(request.query.group, limitsOf(reply)),
  )

  const params = object({ id: text(100) }, ['id'])
  app.post<{ Params: { id: string } }>('/api/moves/:id/undo', { schema: { params } }, async (request, reply) =>
    plans.keep(await data.planUndo(request.params.id, limitsOf(reply))),
  )
}
