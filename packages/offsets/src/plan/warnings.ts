/** What the reader of a plan should know before it is applied. Pure. */
import { counted, numberText } from '@tidemark/platform'
import { doneAboveOf, drops } from './change.ts'
import type { GroupFacts } from './facts.ts'
import type { MoveWish, PlannedChange, PlanWarning } from './types.ts'

export interface WarningFacts {
  readonly wish: MoveWish
  readonly group: GroupFacts
  readonly changes: readonly PlannedChange[]
  readonly nowMs: number
  /** Partitions of the topics in the plan of which nothing is committed and which the plan leaves out, as text. */
  readonly leftOut: readonly string[]
  /** Partitions whose records were not looked at, and why. */
  readonly notRead: { readonly partitions: number; readonly why: string } | null
  /** Undo: partitions that were committed again after the move that is taken back. */
  readonly movedSince: readonly string[]
}

export function warningsOf({ wish, group, changes, nowMs, leftOut, notRead, movedSince }: WarningFacts): PlanWarning[] {
  const warnings: PlanWarning[] = []
  const warn = (code: PlanWarning['code'], message: string): void => {
    warnings.push({ code, message })
  }
  const name = `group '${group.group}'`
  if (group.state === 'Dead' && changes.some((c) => c.outcome === 'moves')) {
    warn('group-will-be-created', `${name} does not exist: applying the plan creates it; check the name`)
  }
  if (group.members > 0) {
    warn('group-has-members', `${name} has ${counted(group.members, 'member')}: the plan can be applied once they have stopped`)
  }
  if (group.protocolType !== '' && group.protocolType !== 'consumer') {
    warn('not-a-group-of-consumers', `${name} is a group of '${group.protocolType}', which may keep offsets of its own`)
  }
  const dropping = changes.filter(drops)
  const done = dropping.reduce((sum, { before }) => sum + doneAboveOf(before), 0)
  if (done > 0)
    warn(
      'done-above-dropped',
      `${counted(done, 'record')} that ${done === 1 ? 'is' : 'are'} done above the committed offsets will be handled again`,
    )
  const foreign = dropping.filter(({ before }) => doneAboveOf(before) === 0).length
  if (foreign > 0) {
    warn(
      'metadata-dropped',
      `the metadata of ${counted(foreign, 'commit')} is dropped: it belongs to the old place (Kafka Streams and others keep state there)`,
    )
  }
  const lost = changes.reduce((sum, change) => sum + change.lost, 0)
  if (lost > 0)
    warn('records-lost', `${counted(lost, 'offset')} between the old and the new places ${lost === 1 ? 'is' : 'are'} no longer in the log`)
  const outside = changes.filter(
    ({ outcome, after, start, end }) =>
      outcome === 'moves' && after !== null && start !== null && (after.offset < start || after.offset > end!),
  )
  if (outside.length > 0) {
    warn(
      'outside-of-log',
      `${counted(outside.length, 'new offset')} outside of the log: consumers go where their auto.offset.reset says (${listed(outside)})`,
    )
  }
  if (leftOut.length > 0) {
    warn(
      'partitions-without-commit',
      `nothing is committed for ${some(leftOut)}, which the plan leaves out: name the topic to include them`,
    )
  }
  if (movedSince.length > 0)
    warn('moved-since', `${some(movedSince)} ${movedSince.length === 1 ? 'was' : 'were'} committed again after the move that is taken back`)
  if (wish.target.kind === 'time' && wish.target.atMs > nowMs) warn('time-in-the-future', 'the time is in the future')
  if (notRead !== null)
    warn('records-not-read', `the records of ${counted(notRead.partitions, 'partition')} were not looked at: ${notRead.why}`)
  return warnings
}

const SOME = 5
const some = (names: readonly string[]): string =>
  names.length <= SOME ? names.join(', ') : `${names.slice(0, SOME).join(', ')} and ${numberText(names.length - SOME)} more`
const listed = (changes: readonly PlannedChange[]): string => some(changes.map(({ topic, partition }) => `${topic}-${partition}`))
