/** `KIND:NAME`, as configurations are named. */
import type { ConfigResource } from '@tidemark/client'
import { usage } from '../../exit.ts'

export const KINDS = { topic: 'topic', broker: 'broker', logger: 'brokerLogger', group: 'group', metrics: 'clientMetrics' } as const
export type Kind = keyof typeof KINDS

export function resourceOf(text: string): ConfigResource {
  const [, kind, name] = /^(\w+):(.+)$/s.exec(text) ?? []
  if (kind === undefined || !Object.hasOwn(KINDS, kind))
    throw usage(`'${text}' is not a resource; write KIND:NAME, the kind being ${Object.keys(KINDS).join(', ')}`)
  return { type: KINDS[kind as Kind], name: kind === 'broker' && name === 'all' ? '' : name! }
}
