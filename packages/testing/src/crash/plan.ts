/**
 * What goes wrong in a run, and at which step. A step is a moment in which a crash makes a difference: a handler
 * begins or ends, an effect is about to happen or has happened, a sleep is over.
 *
 * Seed by seed the first fault walks through all steps and kinds, so that each is met; more faults are drawn.
 */
import type { SeededRandom } from '../machine/random.ts'

export const faultKinds = ['crash', 'rebalance', 'freeze', 'commit refused', 'commit answer lost'] as const
export type FaultKind = (typeof faultKinds)[number]

/** By step, from 1 on. */
export type Plan = ReadonlyMap<number, FaultKind>

/** `steps`: how many the run has in which nothing goes wrong. */
export function planOf(seed: number, steps: number, random: SeededRandom): Plan {
  const plan = new Map<number, FaultKind>()
  const kind = faultKinds[(seed - 1) % faultKinds.length]!
  // A stride without a common divisor with the steps visits each of them.
  plan.set(1 + ((Math.floor((seed - 1) / faultKinds.length) * strideOf(steps)) % steps), kind)
  for (let more = random.below(4); more > 0; more--) {
    plan.set(1 + random.below(steps), faultKinds[random.below(faultKinds.length)]!)
  }
  return plan
}

/** About six tenths of the steps: neighbouring seeds are far apart. */
function strideOf(steps: number): number {
  let stride = Math.max(1, Math.floor(steps * 0.618))
  while (divisor(stride, steps) !== 1) stride++
  return stride
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
