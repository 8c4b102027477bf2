import { TidemarkError } from '@tidemark/platform'
import { viewOf } from '../engine/lags.ts'
import { limitsOf, type Route } from './route.ts'
import { groupName, object } from './schemas.ts'

/** One group, once; `/api/live?group=…` goes on. */
export const group: Route = (app, { data }) => {
  const schema = { params: object({ group: groupName }, ['group']) }
  app.get<{ Params: { group: string } }>('/api/groups/:group', { schema }, async ({ params }, reply) => {
    const [lag] = await data.sample([params.group], limitsOf(reply))
    if (lag === undefined) throw new TidemarkError('UNKNOWN_GROUP', `group '${params.group}' does not exist`)
    return viewOf(lag)
  })
}
