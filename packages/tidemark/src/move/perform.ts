/** Shows a plan, asks, applies it, and says what was done: the way of everything that moves offsets. */
import { writeFileSync } from 'node:fs'
import type { Kafka } from '@tidemark/client'
import { applyPlan, type MovePlan, type MoveRecord } from '@tidemark/offsets'
import { counted, TidemarkError } from '@tidemark/platform'
import { confirmed } from '../confirm.ts'
import { EXIT } from '../exit.ts'
import { say } from '../print/print.ts'
import { type MoveOptions, mustAccept } from './apply-options.ts'
import { printPlan } from './print-plan.ts'

/** Undefined: it was not applied; the exit code says so. */
export async function perform(
  kafka: Kafka,
  plan: MovePlan,
  question: string,
  options: MoveOptions,
  { isShown = false } = {},
): Promise<MoveRecord | undefined> {
  if (!isShown) await printPlan(plan, options.output)
  writePlan(plan, options.out)
  const isNothing = plan.changes.every(({ outcome }) => outcome === 'unchanged' || outcome === 'refused')
  const deletesGroup = plan.wish.target.kind === 'delete' && plan.wish.target.group === true
  if (isNothing && !deletesGroup && plan.needs.length === 0) {
    say('nothing to change')
    return undefined
  }
  if (options.dryRun) {
    process.exitCode = EXIT.notApplied
    say('nothing was changed: --dry-run')
    return undefined
  }
  mustAccept('plan', plan.needs, options.accept)
  if (!(await confirmed(question, { ...options, yes: options.yes === true || options.execute === true }, plan.group))) return undefined
  return applied(kafka, plan, options)
}

export async function applied(kafka: Kafka, plan: MovePlan, options: MoveOptions): Promise<MoveRecord> {
  if (options.eject && plan.members > 0)
    say(`taking ${counted(plan.members, 'member')} out of group ${plan.group}: what they have in hand is handled once more`)
  if (options.waitEmpty !== undefined && plan.members > 0) say(`waiting until group ${plan.group} has no members`)
  const record = await applyPlan(kafka, plan, {
    ...(options.accept !== undefined && { accept: options.accept }),
    ...(options.waitEmpty !== undefined && { waitEmptyMs: options.waitEmpty }),
    ...(options.ghostCheck !== undefined && { ghostCheckMs: options.ghostCheck }),
    ...(options.eject && { eject: true }),
    ...(options.reason !== undefined && { reason: options.reason }),
  }).catch((error: unknown) => {
    if (plan.members > 0 && options.waitEmpty === undefined && error instanceof TidemarkError && error.code === 'GROUP_ACTIVE')
      say('tidemark group describe names the members; --wait-empty 15m waits until they have stopped')
    throw error
  })
  say(`done and read back: ${counted(record.changes.length, 'partition')} of group ${record.group}`)
  say(`move ${record.id}; take it back with: tidemark offsets undo ${record.id}`)
  return record
}

export function writePlan(plan: MovePlan, file: string | undefined): void {
  if (file === undefined) return
  writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`)
  say(`wrote the plan to ${file}, valid until ${new Date(plan.expiresAtMs).toISOString()}`)
}
