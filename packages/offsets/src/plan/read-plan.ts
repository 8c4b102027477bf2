/** A plan that comes from a file. The hash says that it is as it was made. */
import { TidemarkError } from '@tidemark/platform'
import { planId } from './hash.ts'
import type { MovePlan } from './types.ts'

/** Throws `TidemarkError` PLAN_DAMAGED. `from` says in the error where the text came from. */
export function parsePlan(text: string, from = 'the plan'): MovePlan {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new TidemarkError('PLAN_DAMAGED', `${from} is not JSON: ${cause.message}`, { cause })
  }
  return checkPlan(value, from)
}

/** A plan has either the hash of what it says, or was changed since it was made. */
export function checkPlan(value: unknown, from = 'the plan'): MovePlan {
  const damaged = (why: string): never => {
    throw new TidemarkError('PLAN_DAMAGED', `${from} ${why}; plan again`)
  }
  if (typeof value !== 'object' || value === null) return damaged('is not a plan')
  const plan = value as MovePlan
  if (plan.version !== 1) return damaged(`has version ${JSON.stringify(plan.version)}, and 1 is known`)
  if (plan.id !== planId(plan)) return damaged('was changed after it was made: its hash differs')
  if (!Array.isArray(plan.changes) || typeof plan.group !== 'string' || !Array.isArray(plan.needs)) return damaged('is not a plan')
  return plan
}
