/** Changes of configurations, as they are typed. */
import type { ConfigChange } from '@tidemark/client'
import { usage } from '../exit.ts'

/** An option that may be given more than once. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text]

/**
 * `NAME=VALUE` sets, `NAME+=A,B` appends to a list, `NAME-=A` subtracts from it; `defaults` go back to their defaults.
 */
export function changesOf(given: readonly string[] = [], defaults: readonly string[] = []): Record<string, ConfigChange> {
  const changes: Record<string, ConfigChange> = {}
  for (const text of given) {
    const match = /^([^=+-]+|[^=]+?)(\+=|-=|=)(.*)$/s.exec(text)
    if (match === null) throw usage(`'${text}' is not a configuration; write NAME=VALUE`)
    const [, name, operation, value] = match as unknown as [string, string, string, string]
    const items = value.split(',').map((item) => item.trim())
    changes[name.trim()] = operation === '=' ? value : operation === '+=' ? { append: items } : { subtract: items }
  }
  for (const name of defaults) changes[name] = null
  return changes
}

/** `NAME=VALUE` alone: of something that is made. `noun`: what each is. */
export function valuesOf(given: readonly string[] = [], noun = 'configuration'): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw usage(`'${text}' is not a ${noun}; write NAME=VALUE`)
      return [text.slice(0, at).trim(), text.slice(at + 1)]
    }),
  )
}
