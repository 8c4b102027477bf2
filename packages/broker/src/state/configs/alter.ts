/**
 * What altering the configurations of a resource makes of them: Kafka's `ConfigurationControlManager`, incremental
 * (KIP-339) or as a whole.
 */
import { type Config, ConfigType, type Definition, itemsOf } from './definition.ts'

/** Kafka's `AlterConfigOp.OpType`. */
export const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

export interface Alteration {
  readonly name: string
  readonly operation: number
  readonly value: string | null
}

export interface AlterationRules {
  readonly definitions: Readonly<Record<string, Definition>>
  readonly fault: (config: { name: string; value: string | null }) => string | undefined
  /** What the configuration has where the resource has no value of its own. */
  readonly fallback: (name: string) => string
}

export type Altered =
  | { readonly kind: 'altered'; readonly configs: readonly Config[] }
  | { readonly kind: 'refused'; readonly reason: 'request' | 'config'; readonly message: string }

const refused = (reason: 'request' | 'config', message: string): Altered => ({ kind: 'refused', reason, message })

export function alterIncrementally(current: readonly Config[], alterations: readonly Alteration[], rules: AlterationRules): Altered {
  const names = alterations.map(({ name }) => name)
  if (new Set(names).size < names.length) return refused('request', 'Error due to duplicate config keys')
  const configs = new Map(current.map(({ name, value }) => [name, value]))
  for (const { name, operation, value } of alterations) {
    if (operation === Operation.DELETE) {
      if (!configs.has(name)) {
        const fault = rules.definitions[name] === undefined ? rules.fault({ name, value: '' }) : undefined
        if (fault !== undefined) return refused('config', fault)
      }
      configs.delete(name)
      continue
    }
    if (value === null) return refused('request', `Null value not supported for : ${name}`)
    const next =
      operation === Operation.SET ? value : operation === Operation.APPEND || operation === Operation.SUBTRACT ? listAfter() : undefined
    if (next === undefined) {
      return rules.definitions[name]?.type === ConfigType.LIST || operation > Operation.SUBTRACT || operation < 0
        ? refused('request', `Unknown operation ${operation} for config ${name}`)
        : refused('config', `Can't ${operation === Operation.APPEND ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`)
    }
    const fault = rules.fault({ name, value: next })
    if (fault !== undefined) return refused('config', fault)
    configs.set(name, next)

    function listAfter(): string | undefined {
      if (rules.definitions[name]?.type !== ConfigType.LIST) return undefined
      const before = itemsOf(configs.get(name) ?? rules.fallback(name))
      const items = itemsOf(value!)
      const after =
        operation === Operation.APPEND
          ? [...before, ...items.filter((item) => !before.includes(item))]
          : before.filter((item) => !items.includes(item))
      return after.join(',')
    }
  }
  return { kind: 'altered', configs: Array.from(configs, ([name, value]) => ({ name, value })) }
}

/** What is not named goes back to its default. */
export function alterAll(given: readonly { readonly name: string; readonly value: string | null }[], rules: AlterationRules): Altered {
  const configs: Config[] = []
  for (const { name, value } of given) {
    const fault = rules.fault({ name, value })
    if (fault !== undefined) return refused(value === null ? 'request' : 'config', fault)
    configs.push({ name, value: value! })
  }
  return { kind: 'altered', configs }
}
