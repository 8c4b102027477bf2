/** Options that take one value may be given once, unless their help says otherwise: commander would take the last. */
import type { Command } from 'commander'
import { usage } from './exit.ts'

export const REPEATED = /may be given (?:more than once|twice)/

export function onceEach(command: Command): void {
  for (const option of command.options) {
    const takesValue = option.required || option.optional
    if (!takesValue || option.variadic || REPEATED.test(option.description)) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven) throw usage(`${option.long ?? option.short} is given twice; leave one out`)
      isGiven = true
    })
  }
}
