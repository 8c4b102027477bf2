import { rowOf } from '../live/rows.ts'
import { limitsOf, type Route } from './route.ts'

/** The list of groups, once; `/api/live` goes on. */
export const groups: Route = (app, { data, sampler }) => {
  app.get('/api/groups', async (_request, reply) => {
    const sample = await data.sample(undefined, limitsOf(reply))
    return sample.map((lag) =>
      rowOf(
        lag,
        sampler
          .trendOf(lag.group)
          ?.points()
          .map((p) => p.value) ?? [],
      ),
    )
  })
}
