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
  const change = (name: string, to: ConfigChange): void => {
    if (Object.hasOwn(changes, name) && (to !== null || changes[name] !== null)) throw usage(`'${name}' is changed twice; leave one out`)
    changes[name] = to
  }
  for (const text of given) {
    const match = /^([^=+-]+|[^=]+?)(\+=|-=|=)(.*)$/s.exec(text)
    if (match === null) throw usage(`'${text}' is not a configuration; write NAME=VALUE`)
    const [, name, operation, value] = match as unknown as [string, string, string, string]
    const items = value.split(',').map((item) => item.trim())
    change(name.trim(), operation === '=' ? value : operation === '+=' ? { append: items } : { subtract: items })
  }
  for (const name of defaults) change(name, null)
  return changes
}

/** `NAME=VALUE` alone: of something that is made. `noun`: what each is. */
export function valuesOf(given: readonly string[] = [], noun = 'configuration'): Record<string, string> {
  const values: Record<string, string> = {}
  for (const text of given) {
    const at = text.indexOf('=')
    if (at < 1) throw usage(`'${text}' is not a ${noun}; write NAME=VALUE`)
    const name = text.slice(0, at).trim()
    if (Object.hasOwn(values, name)) throw usage(`the ${noun} '${name}' is given twice; leave one out`)
    values[name] = text.slice(at + 1)
  }
  return values
}
