/** A call that reads its own dead-letter topic would be given each of its dead letters again, without end. */
import { TidemarkError } from '@tidemark/platform'
import { Routes, type Selection, selectionText } from './selection.ts'
import { DeadLetter } from './work/dead-letter.ts'
import type { Exhausted } from './work/work.ts'

interface Reads {
  readonly topics: Selection
  readonly exhausted: Exhausted
}

/** Another call may read them. Throws `TidemarkError` INVALID_OPTION. */
export function checkDeadLetterCycles(works: readonly Reads[]): void {
  const routes = new Routes(works.map((work) => ({ topics: work.topics, target: work })))
  for (const work of works) {
    if (!(work.exhausted instanceof DeadLetter) || routes.of(work.exhausted.topic) !== work) continue
    const { topic } = work.exhausted
    const text = `the handler of ${selectionText(work.topics)} would be given its own dead letters again, without end: it reads '${topic}'; name another dead-letter topic, or a pattern that does not match it`
    throw new TidemarkError('INVALID_OPTION', text, { topic })
  }
}
