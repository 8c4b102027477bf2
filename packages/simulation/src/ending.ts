/** When a run is over: everything that has to be done is done, and on record. */
import type { Place } from './facts.ts'
import type { World } from './world.ts'

/** After the last fault of a run in which records were lost: by then the records that are left are handled. */
const QUIET_MS = 6_000

export function isEverythingDone(world: World): boolean {
  // What a loss of power took from the log is found at the end, when it is read back.
  if (world.plan.everything?.truncation) return world.calmForMs(QUIET_MS) && world.quietForMs(QUIET_MS / 2)
  if (world.isTopicBeingRemade) return false
  const exists = (place: Place): boolean => world.exists(place)
  return world.groups.every((group) => {
    const isHandled = world.mode === 'delivered' || world.ledger.open(group, exists).next().done === true
    return isHandled && world.ledger.isCommitted(group, exists)
  })
}

/** What is left to be done, for the one who reads that it was not done in time. */
export function unfinishedIn(world: World): string {
  const said = [...world.members].flatMap((m) =>
    m.consumer.explain().map((e) => `${m.name}: ${e.topic}-${e.partition} at ${e.position}${e.paused ? ', paused' : ''}: ${e.because}`),
  )
  const groups = world.groups
    .map((group) => {
      const open = [...world.ledger.open(group, (place) => world.exists(place))]
      const commits = [...(world.ledger.committedLast.get(group) ?? [])].map(([place, offset]) => `${place}:${offset}`).join(' ')
      return `${group}: ${open.length} of ${world.ledger.sent.size} values are open (first: ${open[0]}); committed ${commits}`
    })
    .join('; ')
  return [groups, ...said].join('\n  ')
}
