import { limitsOf, type Route } from './route.ts'
import { groupName, object } from './schemas.ts'

/** What is wrong with the offsets of one group, or of all. */
export const doctor: Route = (app, { data }) => {
  const querystring = object({ group: groupName })
  app.get<{ Querystring: { group?: string } }>('/api/doctor', { schema: { querystring } }, async (request, reply) =>
    data.examine(request.query.group, limitsOf(reply)),
  )
}
