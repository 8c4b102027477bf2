import { TidemarkError } from '@tidemark/platform'
import { answerTo } from '../guard/refusal.ts'
import type { Route } from './route.ts'
import { digits, object, text, topicName } from './schemas.ts'

/** Server-sent events: the records of a topic from now on. */
export const tail: Route = (app, { data, viewers, onBug }) => {
  const schema = { params: object({ topic: topicName }, ['topic']), querystring: object({ partition: digits, filter: text(1_000) }) }
  app.get<{ Params: { topic: string }; Querystring: { partition?: string; filter?: string } }>(
    '/api/topics/:topic/tail',
    { schema },
    ({ params, query }, reply) => {
      const stream = viewers.open(reply)
      const wish = {
        ...(query.partition !== undefined && { partition: Number(query.partition) }),
        ...(query.filter !== undefined && { filter: query.filter }),
      }
      const follow = async (): Promise<void> => {
        try {
          for await (const record of data.tail(params.topic, wish, stream.ended.signal)) stream.send({ kind: 'record', record })
        } catch (error) {
          if (!(error instanceof TidemarkError)) throw error
          stream.send({ kind: 'failed', ...answerTo(error)!.body })
        }
        stream.close()
      }
      follow().catch(onBug)
    },
  )
}
