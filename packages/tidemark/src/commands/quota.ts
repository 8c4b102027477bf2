/** `tidemark quota VERB`, loaded when it is named. */
import { lazyNoun } from '../lazy.ts'

export const quotaCommand = lazyNoun('quota', [
  {
    name: 'list',
    description: 'Lists client quotas: those that speak of a user, client id or address, if one is named.',
    load: async () => (await import('./quota/list.ts')).listCommand(),
  },
  {
    name: 'set',
    description: 'Sets limits of a user, of a client id, of both together, or of an address: NAME=VALUE.',
    load: async () => (await import('./quota/set.ts')).setCommand(),
  },
  {
    name: 'remove',
    description: 'Removes limits: those that are named, or all of them.',
    load: async () => (await import('./quota/remove.ts')).removeCommand(),
  },
])
