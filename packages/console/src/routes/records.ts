import { TidemarkError } from '@tidemark/platform'
import type { RecordsWish } from '../data.ts'
import { limitsOf, type Route } from './route.ts'
import { digits, object, text, topicName } from './schemas.ts'

interface Query {
  readonly partition?: string
  readonly from?: string
  readonly limit?: string
  readonly filter?: string
}

const LIMIT_MAX = 500

/**
 * A page of records. `from` is `start`, `end` (the last of them), `offset:N`, `time:MS`, or where the page before
 * ended: `next:0=17,1=4`.
 */
export const records: Route = (app, { data }) => {
  const from = { type: 'string', pattern: '^(start|end|(offset|time):\\d{1,16}|next:\\d{1,10}=\\d{1,16}(,\\d{1,10}=\\d{1,16})*)$' }
  const schema = {
    params: object({ topic: topicName }, ['topic']),
    querystring: object({ partition: digits, from, limit: digits, filter: text(1_000) }),
  }
  app.get<{ Params: { topic: string }; Querystring: Query }>('/api/topics/:topic/records', { schema }, async ({ params, query }, reply) =>
    data.records(params.topic, wishOf(query), limitsOf(reply)),
  )
}

export function wishOf({ partition, from = 'end', limit = '50', filter }: Query): RecordsWish {
  const count = Number(limit)
  if (count < 1 || count > LIMIT_MAX) throw new TidemarkError('INVALID_ARGUMENT', `limit is ${limit}; it must be from 1 to ${LIMIT_MAX}`)
  return {
    ...(partition !== undefined && { partition: Number(partition) }),
    ...(filter !== undefined && { filter }),
    limit: count,
    from: fromOf(from),
  }
}

function fromOf(from: string): RecordsWish['from'] {
  if (from === 'start' || from === 'end') return from
  const [kind, value] = from.split(':', 2) as [string, string]
  if (kind === 'offset') return { offset: Number(value) }
  if (kind === 'time') return { atMs: Number(value) }
  return { offsets: Object.fromEntries(value.split(',').map((pair) => pair.split('=').map(Number) as [number, number])) }
}
