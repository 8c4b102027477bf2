import { viewOf } from '../engine/lags.ts'
import { ListChanges } from '../live/changes.ts'
import type { Watcher } from '../live/sampler.ts'
import type { LiveEvent } from '../shapes.ts'
import type { Route } from './route.ts'
import { groupName, object } from './schemas.ts'

/** Server-sent events: of one group, or of the list of all. */
export const live: Route = (app, { sampler, viewers }) => {
  const schema = { querystring: object({ group: groupName }) }
  app.get<{ Querystring: { group?: string } }>('/api/live', { schema }, (request, reply) => {
    const stream = viewers.open(reply)
    const send = (event: LiveEvent): void => stream.send(event)
    const { group } = request.query
    const onFailure: Watcher['onFailure'] = ({ code, message }, atMs) => send({ kind: 'failed', code, message, atMs })
    const trendOf = (name: string) => sampler.trendOf(name)?.points() ?? []
    const changes = new ListChanges()
    const onSample: Watcher['onSample'] = (sample, atMs) => {
      if (group === undefined) return send(changes.next(sample, (name) => trendOf(name).map((p) => p.value), atMs))
      const lag = sample.get(group)
      if (lag === undefined) return send({ kind: 'absent', group, message: `group '${group}' does not exist` })
      send({ kind: 'group', lag: viewOf(lag), trend: trendOf(group).map(({ atMs, value }) => ({ atMs, open: value })) })
    }
    const end = sampler.watch({ group, onSample, onFailure })
    stream.ended.signal.addEventListener('abort', end, { once: true })
  })
}
