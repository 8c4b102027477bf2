import { checkTime } from '@tidemark/platform'
import { limitsOf, type Route } from './route.ts'
import { digits, groupName, object } from './schemas.ts'

interface Query {
  readonly group?: string
  readonly from?: string
  readonly to?: string
  readonly all?: '1'
}

/** Who committed what: moves, jumps and what was forgotten; with `all`, every commit. */
export const history: Route = (app, { data }) => {
  const querystring = object({ group: groupName, from: digits, to: digits, all: { const: '1' } })
  app.get<{ Querystring: Query }>('/api/history', { schema: { querystring } }, async ({ query }, reply) => {
    const { group, from, to, all } = query
    const wish = {
      ...(group !== undefined && { group }),
      ...(from !== undefined && { fromMs: timeOf('from', from) }),
      ...(to !== undefined && { toMs: timeOf('to', to) }),
      all: all !== undefined,
    }
    return data.history(wish, limitsOf(reply))
  })

  const schema = { params: object({ group: groupName }, ['group']), querystring: object({ at: digits }, ['at']) }
  app.get<{ Params: { group: string }; Querystring: { at: string } }>(
    '/api/groups/:group/positions-at',
    { schema },
    async ({ params, query }, reply) => data.positionsAt(params.group, timeOf('at', query.at), limitsOf(reply)),
  )
}

const timeOf = (name: string, digits: string): number => checkTime(name, new Date(Number(digits))).getTime()
