import type { GroupView, TopicScope } from '../../../src/shapes.ts'
import { plural } from '../format.ts'

type Scope = 'all' | readonly TopicScope[]
const PARTITIONS_SHOWN = 200

/** Everything the group has committed, or some topics and partitions of it. */
export function ScopeFields({ lag, scope, onScope }: { lag: GroupView; scope: Scope; onScope(scope: Scope): void }) {
  const topics = Map.groupBy(lag.partitions, (p) => p.topic)
  const chosen = (topic: string): ReadonlySet<number> => {
    const all = topics.get(topic)!.map((p) => p.partition)
    if (scope === 'all') return new Set(all)
    const own = scope.find((s) => s.topic === topic)?.partitions
    return new Set(own === undefined ? [] : Array.isArray(own) ? own : all)
  }
  const set = (topic: string, partitions: ReadonlySet<number>): void => {
    const others = [...topics.keys()].filter((t) => t !== topic).map((t) => ({ topic: t, partitions: [...chosen(t)] }))
    const next = [...others, { topic, partitions: [...partitions].sort((a, b) => a - b) }].filter((s) => s.partitions.length > 0)
    const isAll = next.reduce((sum, s) => sum + s.partitions.length, 0) === lag.partitions.length
    onScope(isAll ? 'all' : next)
  }
  return (
    <fieldset>
      <legend>What moves</legend>
      {[...topics].map(([topic, list]) => {
        const own = chosen(topic)
        return (
          <div key={topic} className="choice">
            <input
              type="checkbox"
              id={`scope-${topic}`}
              checked={own.size === list.length}
              onChange={(e) => set(topic, new Set(e.target.checked ? list.map((p) => p.partition) : []))}
            />
            <label htmlFor={`scope-${topic}`}>
              {topic}{' '}
              <span className="dim small">
                {own.size === list.length ? plural(list.length, 'partition') : `${own.size} of ${plural(list.length, 'partition')}`}
              </span>
            </label>
            <details className="more">
              <summary className="small">choose partitions</summary>
              {list.slice(0, PARTITIONS_SHOWN).map((p) => (
                <label key={p.partition} className="small pick">
                  <input
                    type="checkbox"
                    checked={own.has(p.partition)}
                    onChange={(e) => {
                      const next = new Set(own)
                      if (e.target.checked) next.add(p.partition)
                      else next.delete(p.partition)
                      set(topic, next)
                    }}
                  />{' '}
                  {p.partition}
                </label>
              ))}
              {list.length > PARTITIONS_SHOWN && (
                <span className="dim small">of the first {PARTITIONS_SHOWN}; the command line takes any list</span>
              )}
            </details>
          </div>
        )
      })}
    </fieldset>
  )
}
