import type { RestoreWish } from '../data.ts'
import { limitsOf, type Route } from './route.ts'
import { groupName, object, topicName } from './schemas.ts'
import { scope } from './scope.ts'

/** What a commit put on record; null: it deleted what was there. */
const place = {
  anyOf: [
    { type: 'null' },
    object({ offset: { type: 'integer', minimum: 0 }, leaderEpoch: { type: 'integer', minimum: -1 }, metadata: { type: 'string' } }, [
      'offset',
      'leaderEpoch',
      'metadata',
    ]),
  ],
}

/**
 * A plan back to where a group stood at a time, no matter who moved it since, as far as the log of commits says. With
 * `undoes` it has a warning if the group was committed again after that commit.
 */
export const restore: Route = (app, { data, plans }) => {
  const undoes = object({ topic: topicName, partition: { type: 'integer', minimum: 0 }, place }, ['topic', 'partition', 'place'])
  const schema = {
    params: object({ group: groupName }, ['group']),
    body: object({ atMs: { type: 'integer', minimum: 0 }, scope, undoes }, ['atMs', 'scope']),
  }
  app.post<{ Params: { group: string }; Body: RestoreWish }>('/api/groups/:group/restore', { schema }, async ({ params, body }, reply) =>
    plans.keep(await data.planRestore(params.group, body, limitsOf(reply))),
  )
}
